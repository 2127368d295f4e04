#pragma once
// What one look at the system found. It is kept between runs, so that a scan whose inputs did not change is a
// replay.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archives.h"
#include "lists.h"
#include "problem.h"
#include "session.h"
#include "settings.h"
#include "upgrade.h"

namespace redflag::apt {

struct Picture {
  std::vector<Archive> archives;
  std::vector<Upgrade> upgrades;
  std::string other_manager;  // another program that installs updates by itself, or ""
  // Seconds since the epoch. A clock that was ahead when the picture was taken made lists look old.
  std::int64_t good_from = 0;
  std::int64_t good_until = 0;  // the first second in which a list is too old; 0: until the inputs change

  bool isGoodAt(std::int64_t now) const { return now >= good_from && (good_until == 0 || now < good_until); }
};

// Needs configureApt. `now` in seconds since the epoch.
Result<Picture> takePicture(const Settings& settings, const Lists& lists, std::int64_t now);

std::string encodePicture(const Picture& picture);
// RF_INVALID for anything that encodePicture did not write.
Result<Picture> decodePicture(std::string_view text);

}  // namespace redflag::apt
