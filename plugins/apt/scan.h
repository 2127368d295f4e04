#pragma once
// A picture told to the host: scopes, rows, facts.

#include "picture.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::apt {

class Scan {
 public:
  Scan(const Settings& settings, const rf::Host& host)
      : settings_(settings), clock_(host), state_(host), progress_(host) {}

  // Failed archives end their scopes; the run itself only fails if nothing could be looked at.
  rf::Status updates(rf::Run& run);
  rf::Status inventory(rf::Run& run);

 private:
  Result<Picture> picture(rf::Run& run, bool idle);
  void emitArchive(rf::Run& run, const Archive& archive, const Picture& picture);
  void readLists(rf::Run& run);
  void emitFacts(rf::Run& run, const Picture& picture);
  std::int64_t now() const;  // seconds since the epoch

  const Settings& settings_;
  rf::Clock clock_;
  rf::State state_;
  rf::Progress progress_;
  Lists lists_;
  std::optional<Problem> activity_;
};

}  // namespace redflag::apt
