#pragma once
// Everything a scan's answer depends on, as one short text: if it is the same, so is the answer.

#include <string>

#include "lists.h"
#include "settings.h"

namespace redflag::apt {

// SHA-256 over apt's effective configuration, our settings and version, and name, inode, size and times (of
// its content, and of who may read it) of each file that is read: sources, preferences, lists, dpkg's
// database; and what could not be fetched of the lists. Needs configureApt.
std::string fingerprintInputs(const Settings& settings, const Lists& lists);

// The same of what is fetched: configuration, sources, keys.
std::string fingerprintSources(const Settings& settings);

}  // namespace redflag::apt
