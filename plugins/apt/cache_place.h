#pragma once
// Where libapt's binary cache of this plugin lives. A cache is mapped into memory and believed, so it is only
// ever used from a folder that belongs to the very user who runs, closed to all others: root never reads what
// the scan user wrote.

#include <string>

#include "settings.h"

namespace redflag::apt {

// A usable folder, made if its parent allows it: the setting, else /var/cache/redflag/apt, else
// ~/.cache/redflag/apt of the running user. "" when there is none: the cache is then built in memory, which
// costs most of a second.
std::string cachePlace(const Settings& settings);

// Lets libapt keep its cache in that folder, "": in memory. One there that may be older than the lists that
// libapt is pointed at, or than dpkg's database, is forgotten.
void useCacheIn(const std::string& folder);

}  // namespace redflag::apt
