#include "kernel_images.h"

#include "base/kernel_release.h"

namespace redflag::system {

std::string newestInstalled(const std::vector<std::string>& boot_names, std::string_view running) {
  constexpr std::string_view kPrefix = "vmlinuz-";
  std::string newest;
  bool running_is_there = false;
  for (const auto& name : boot_names) {
    if (!name.starts_with(kPrefix) || name.size() == kPrefix.size()) continue;
    const auto release = name.substr(kPrefix.size());
    running_is_there = running_is_there || release == running;
    if (isSameFlavour(release, running) && (newest.empty() || compareReleases(release, newest) > 0))
      newest = release;
  }
  return running_is_there ? newest : "";
}

}  // namespace redflag::system
