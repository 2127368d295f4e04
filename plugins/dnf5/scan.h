#pragma once
// A picture told to the host: scopes, rows, facts.

#include <optional>

#include "client.h"
#include "picture.h"
#include "redflag/sdk.hpp"
#include "settings.h"

namespace redflag::dnf5 {

class Scan {
 public:
  Scan(const Settings& settings, const rf::Host& host)
      : settings_(settings), client_(host), clock_(host), state_(host) {}

  // A repository that is not known ends its scope; the run itself only fails if nothing could be looked at.
  rf::Status updates(rf::Run& run);
  rf::Status inventory(rf::Run& run);

 private:
  std::optional<Problem> activity() const;
  // `idle`: nobody is changing what is installed.
  Result<Picture> takeOrRepeat(rf::Run& run, bool idle);
  void emitSource(rf::Run& run, const Source& source, const Picture& picture);

  const Settings& settings_;
  Client client_;
  rf::Clock clock_;
  rf::State state_;
  std::optional<Problem> activity_;
};

}  // namespace redflag::dnf5
