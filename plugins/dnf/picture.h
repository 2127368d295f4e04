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
  // Seconds since the epoch. A clock that was ahead when the picture was taken made metadata look old.
  std::int64_t good_from = 0;
  std::int64_t good_until = 0;  // the first second in which metadata is judged anew; 0: until inputs change

  bool isGoodAt(std::int64_t now) const { return now >= good_from && (good_until == 0 || now < good_until); }
};

// `now` in seconds since the epoch.
Result<Picture> takePicture(const Settings& settings, std::int64_t now);

std::string encodePicture(const Picture& picture);
// RF_INVALID for anything that encodePicture did not write.
Result<Picture> decodePicture(std::string_view text);

}  // namespace redflag::dnf
