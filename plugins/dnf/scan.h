#pragma once
// A picture told to the host: scopes, rows, facts.

#include <optional>

#include "own_metadata.h"
#include "picture.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf {

class Scan {
 public:
  Scan(const Settings& settings, const rf::Host& host)
      : settings_(settings), clock_(host), state_(host), progress_(host) {}

  // Failed repositories end their scopes; the run itself only fails if nothing could be looked at.
  rf::Status updates(rf::Run& run);
  rf::Status inventory(rf::Run& run);

 private:
  // `idle`: nobody is changing what is installed.
  Result<Picture> picture(rf::Run& run, bool idle);
  void chooseMetadata(rf::Run& run);
  void emitSource(rf::Run& run, const Source& source, const Picture& picture);
  void emitFacts(rf::Run& run, const Picture& picture);
  std::int64_t now() const;  // seconds since the epoch

  Settings settings_;
  rf::Clock clock_;
  rf::State state_;
  rf::Progress progress_;
  ChosenMetadata chosen_;
  std::optional<Problem> activity_;
};

}  // namespace redflag::dnf
