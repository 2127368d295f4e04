#pragma once
// Fetching package lists into the configured folder, with a word on each file. libapt starts its own methods
// for that, and has gpgv check what they bring; a list that fails stays as it was.

#include <cstdint>
#include <map>
#include <string>

#include "problem.h"
#include "redflag/sdk.hpp"

class pkgSourceList;

namespace redflag::apt {

struct SourceWord {
  std::string status;  // "fetched", "unchanged", "failed"
  std::string text;    // why, of a failed one
};

struct FetchedLists {
  std::map<std::string, SourceWord> sources;  // by what apt calls them: "http://HOST/debian stable InRelease"
  std::int64_t bytes = 0;
  bool complete = false;     // by apt's own word
  bool out_of_time = false;  // cancelled, or past `until_ns`
  std::string errors;        // apt's, of whatever is not a source's
};

struct FetchOptions {
  bool hooks = false;         // also run the programs that the machine's settings name for afterwards
  std::int64_t until_ns = 0;  // monotonic
};

// Needs configureApt. RF_TRANSIENT "apt.lists_locked": somebody else still fetches into that folder
// (folder_lock.h).
Result<FetchedLists> fetchLists(pkgSourceList& sources, const FetchOptions& options, const rf::Run& run,
                                const rf::Clock& clock, const rf::Progress& progress);

}  // namespace redflag::apt
