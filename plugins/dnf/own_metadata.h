#pragma once
// The metadata that a scan reads: dnf's, or a copy of the scanner's own (refresh: private). That copy lies in
// the folder of common/own_folder.h, as dnf would lay it down, and is fetched without root once it is older
// than refresh_after or the repositories change.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "problem.h"
#include "redflag/sdk.hpp"
#include "session.h"
#include "settings.h"

namespace redflag::dnf {

// What is known of one repository's copy.
struct OwnState {
  std::int64_t refreshed_at = 0;  // when it last answered, seconds since the epoch; 0: never
  std::string failed;             // why it did not when it was last asked; "": it did
};

struct ChosenMetadata {
  std::string folder;  // the copy's; "": dnf's own is read
  std::map<std::string, OwnState> repositories;
  // refresh: private, and yet it is dnf's.
  std::optional<Problem> why_system;

  // A repository that did not answer is not completely known (dnf.refresh_failed), and the copy's times
  // count.
  void applyTo(std::vector<Source>& sources) const;
};

// The folder of the copy as it is; "" without one, or where it is not asked for.
std::string ownMetadata(const Settings& settings);

// What to scan: with refresh: private the copy, fetched if it is time, which takes no more than three
// quarters of what the run has left. Where there is none and none can be fetched, dnf's, with the reason:
// dnf.no_place, dnf.refresh_denied (the seal leaves this run no network), dnf.refresh_failed.
ChosenMetadata chooseMetadata(const Settings& settings, const rf::Run& run, const rf::Clock& clock,
                              const rf::Progress& progress);

}  // namespace redflag::dnf
