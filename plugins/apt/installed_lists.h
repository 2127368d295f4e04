#pragma once
// The part of the package lists that speaks of what is installed. libapt reads, hashes and maps its whole
// cache each time, and of sixty thousand packages in it a machine has a few hundred: a copy of the lists with
// those alone is a fiftieth of them, and so is the cache that libapt makes of it.
//
// For an installed package it says what the lists say: every version, from every archive, with the archives'
// Release files beside it. What is not installed is not in it.

#include <memory>
#include <string>

#include "session.h"
#include "settings.h"

namespace redflag::apt {

// A session on that part, which lies in cachePlace() and is made anew when lists or the names of installed
// packages change. Where it cannot be had (no place, a full disk, a list that is not laid out as expected),
// and the first time after the lists have changed, on all of them: libapt has to understand the whole before
// any part counts. `narrow`, where given: whether it is the part. Needs configureApt with CacheUse::kOwn;
// libapt's lists are those that it was pointed at before, then and after.
Result<std::unique_ptr<Session>> openInstalled(const Settings& settings, bool* narrow = nullptr);

}  // namespace redflag::apt
