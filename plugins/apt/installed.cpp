// The buckets are in the cache, but libapt's headers show their place only to libapt.
#define APT_COMPILING_APT
#include "installed.h"

namespace redflag::apt {
namespace {
constexpr std::size_t kAhead = 16;
}

// What PkgIterator does, with the next buckets on their way: each package is elsewhere in memory, and hardly
// one in a hundred is installed.
std::vector<pkgCache::PkgIterator> findInstalled(pkgCache& cache) {
  std::vector<pkgCache::PkgIterator> found;
  const auto* buckets = cache.Head().PkgHashTableP();
  const std::size_t count = cache.Head().GetHashTableSize();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + kAhead < count) __builtin_prefetch(cache.PkgP + buckets[i + kAhead]);
    for (auto* package = cache.PkgP + buckets[i]; package != cache.PkgP;
         package = cache.PkgP + package->NextPackage)
      if (package->CurrentVer != nullptr) found.emplace_back(cache, package);
  }
  return found;
}

}  // namespace redflag::apt
