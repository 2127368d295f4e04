#pragma once
// The action `apt/refresh`: what `apt-get update` does, by libapt itself, with a word on each source.

#include "problem.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::apt {

class AptRefresh {
 public:
  AptRefresh(const Settings& settings, const rf::Host& host, rf::Run& run)
      : settings_(settings), run_(run), clock_(host), progress_(host) {}

  // The document of rf.actions/1's list().
  static const char* list();
  // Writes {"fetched_bytes","sources":[{"source","status":"fetched|unchanged|failed","text"}…]}, also when it
  // fails (apt.refresh_failed). Lists that could not be fetched stay as they were.
  rf::Status run(rf::Output& result);

 private:
  const Settings& settings_;
  rf::Run& run_;
  rf::Clock clock_;
  rf::Progress progress_;
};

}  // namespace redflag::apt
