#pragma once
// The action `dnf/refresh`: what `dnf makecache --refresh` does, by dnf itself, with a word on each
// repository.

#include <map>
#include <string>
#include <vector>

#include "common/package_locks.h"
#include "configuration.h"
#include "problem.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf {

class DnfRefresh {
 public:
  DnfRefresh(const Settings& settings, const rf::Host& host, rf::Run& run)
      : settings_(settings), run_(run), clock_(host), progress_(host) {}

  // Writes {"sources":[{"source","status":"fetched|unchanged|failed","text"}…]}, also when it fails
  // (dnf.refresh_failed). Metadata that could not be fetched stays as it was; dnf.locked: another dnf is at
  // work, and nothing was asked.
  rf::Status run(rf::Output& result);
  // The same for an order that needs it: what can be had is there afterwards.
  Result<> fetch();

 private:
  struct Ended {
    bool well = false;
    std::string words;                // dnf's last lines
    std::vector<std::string> errors;  // what it complained of, one line each
  };
  Result<Ended> makeCache();
  // `statuses`: what became of each repository.
  rf::Status tell(const Configuration& configuration, const std::map<std::string, std::string>& statuses,
                  const Ended& ended, rf::Output& result);
  bool isOver() const { return run_.cancelled() || clock_.monotonicNs() >= run_.deadlineNs(); }

  const Settings& settings_;
  rf::Run& run_;
  rf::Clock clock_;
  rf::Progress progress_;
};

}  // namespace redflag::dnf
