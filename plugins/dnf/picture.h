#pragma once
// What one look at the system found. It is kept between runs, so that a scan whose inputs did not change is a
// replay.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "problem.h"
#include "session.h"
#include "settings.h"
#include "upgrade.h"

namespace redflag::dnf {

struct Picture {
  std::vector<Source> sources;
  std::vector<Upgrade> upgrades;
  std::int64_t good_until = 0;  // seconds since the epoch: then a repository's metadata is too old; 0: until
                                // the inputs change
};

// `now` in seconds since the epoch.
Result<Picture> takePicture(const Settings& settings, std::int64_t now);

std::string encodePicture(const Picture& picture);
// RF_INVALID for anything that encodePicture did not write.
Result<Picture> decodePicture(std::string_view text);

}  // namespace redflag::dnf
