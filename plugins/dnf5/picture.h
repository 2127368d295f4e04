#pragma once
// What dnf5 says of the machine, put together. It is kept between runs, so that a scan whose inputs did not
// change is a replay.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advice.h"
#include "answers.h"
#include "client.h"
#include "problem.h"
#include "settings.h"

namespace redflag::dnf5 {

struct Upgrade {
  Package candidate;
  std::string installed_version;  // "" of one that takes another's place
  std::string blocked_by;         // "held", "excluded", "kept_back", or ""
  Advice advice;
};

struct Source {
  Repository repository;
  std::optional<Problem> problem;  // why its rows are not the whole truth
};

struct Picture {
  std::vector<Source> sources;
  std::vector<Upgrade> upgrades;  // by name and architecture
  // Why none is "kept_back" although dnf5 might keep some back. Such a picture is not worth keeping.
  std::optional<Problem> kept_back_unknown = std::nullopt;
};

// Eight questions to dnf5, and one to its solver where there is an update. No source has a problem yet.
Result<Picture> takePicture(const Client& client);
// Which sources are not known, or not any more. `now` in seconds since the epoch.
void judgeSources(Picture& picture, const Settings& settings, std::int64_t now);

// Without the problems of its sources.
std::string encodePicture(const Picture& picture);
// RF_INVALID for anything that encodePicture did not write.
Result<Picture> decodePicture(std::string_view text);

Result<std::vector<Advisory>> readAdvisories(const Client& client);

// Every installed package, also excluded ones.
Result<std::vector<Package>> readInstalled(const Client& client);

}  // namespace redflag::dnf5
