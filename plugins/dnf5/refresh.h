#pragma once
// The action `dnf5/refresh`: what `dnf5 makecache --refresh` does, by dnf5 itself, with a word on each
// repository.

#include <map>
#include <string>
#include <vector>

#include "answers.h"
#include "client.h"
#include "problem.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf5 {

class Dnf5Refresh {
 public:
  // No setting has anything to do with it.
  Dnf5Refresh(const Settings&, const rf::Host& host, rf::Run& run)
      : client_(host), run_(run), clock_(host), progress_(host) {}

  // Writes {"sources":[{"source","status":"fetched|unchanged|failed","text"}…]}, also when it fails
  // (dnf5.refresh_failed). Metadata that could not be fetched stays as it was.
  rf::Status run(rf::Output& result);

 private:
  using Repositories = std::map<std::string, Repository>;  // by id
  struct Ended {
    bool well = false;
    std::string words;   // dnf5's last lines
    std::string errors;  // what it complained of
  };
  Result<Repositories> ask();
  Result<Ended> makeCache(const Repositories& before);
  rf::Status tell(const Repositories& before, const Repositories& now, const Ended& ended,
                  rf::Output& result);
  bool isOver() const { return run_.cancelled() || clock_.monotonicNs() >= run_.deadlineNs(); }

  Client client_;
  rf::Run& run_;
  rf::Clock clock_;
  rf::Progress progress_;
};

}  // namespace redflag::dnf5
