#pragma once
// The package lists that libapt reads: the system's, or a copy of the scanner's own (refresh: private). That
// copy lies in the folder of cache_place.h and is fetched without root once it is older than refresh_after,
// with the system's sources and settings, and checked with the system's keys: an archive that no key vouches
// for is not taken, whatever those settings say. Only an entry's own [trusted=yes] counts, as for apt itself.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "problem.h"
#include "redflag/sdk.hpp"
#include "settings.h"

class metaIndex;

namespace redflag::apt {

struct Lists {
  bool own = false;
  // When the archives were last asked for news and all of them answered, seconds since the epoch; 0: never.
  std::int64_t refreshed_at = 0;
  // Of the own ones: which files the last fetch did not get, by what apt calls them, and why. "": any of
  // them.
  std::map<std::string, std::string> failed;
  // refresh: private, and yet these are the system's.
  std::optional<Problem> why_system;

  // Why what is known of that archive is not its newest; "": it is.
  std::string failureOf(const metaIndex& source) const;
};

// The system's. The lists' own times are the servers'. Where apt's timer or update-notifier keeps a stamp of
// success it counts; elsewhere apt leaves no trace of whether an update that brought nothing new had worked.
// Needs configureApt, as all of these.
Lists systemLists();

// Points libapt at the scanner's copy, as it is; false without one.
bool useOwnLists(const Settings& settings);

// The lists to scan: with refresh: private the own ones, fetched if it is time, which takes no more than
// three quarters of what the run has left. Where there are none and none can be fetched, the system's, with
// the reason: apt.no_place, apt.refresh_denied (the seal leaves this run no network), apt.refresh_failed.
Lists chooseLists(const Settings& settings, const rf::Run& run, const rf::Clock& clock,
                  const rf::Progress& progress);

}  // namespace redflag::apt
