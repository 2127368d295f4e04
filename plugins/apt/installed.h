#pragma once
// The installed packages of a cache, in its order.

#include <apt-pkg/pkgcache.h>

#include <vector>

namespace redflag::apt {

std::vector<pkgCache::PkgIterator> findInstalled(pkgCache& cache);

}  // namespace redflag::apt
