#include "cache_place.h"

#include "common/own_folder.h"

namespace redflag::apt {

std::string cachePlace(const Settings& settings) {
  return plugin::ownFolder(settings.cache_dir, "apt");
}

}  // namespace redflag::apt
