#pragma once
// libapt-pkg, set up for one root. Its configuration and message stack are global, so a process has one
// configuration; every run is a process of its own.

#include <apt-pkg/pkgcache.h>

#include <memory>
#include <string>
#include <vector>

#include "problem.h"
#include "settings.h"

class pkgDepCache;
class pkgPolicy;
class pkgSourceList;

namespace redflag::apt {

// Which binary cache libapt may use. A cache is believed byte by byte, so what root installs from is never
// one that another user could have written.
enum class CacheUse {
  kOwn,     // of this plugin, see cache_place.h, with packages alone in it
  kMemory,  // none on disk, for what may fetch the system's lists: all that its settings name
};

// Reads apt's configuration as apt itself would in that root, and the system's architectures; forgets any
// earlier one. RF_PERMANENT "apt.configuration" where apt would not understand it.
Result<> configureApt(const Settings& settings, CacheUse cache_use);

struct BrokenSource {
  std::string file;
  Problem problem;
};

// The package lists and the pins, opened without locks and without a dependency cache (which costs ten times
// as much).
class Session {
 public:
  // Needs configureApt. Sources that cannot be read or understood are left out and named; everything else
  // goes on. Without all of the pins nothing does: each candidate could be another.
  // `packages`: files of packages that are to be had besides what the archives offer.
  static Result<std::unique_ptr<Session>> open(const std::vector<std::string>& packages = {});
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  pkgCache& cache();
  pkgPolicy& policy();
  pkgSourceList& sources();
  const std::vector<BrokenSource>& brokenSources() const;
  // In the cache's order. Found once: the cache knows a hundred packages for each that is installed.
  const std::vector<pkgCache::PkgIterator>& installed() const;
  // Made at the first call, about 0.2 s.
  Result<pkgDepCache*> dependencies();

 private:
  struct Parts;
  explicit Session(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// dpkg itself is a package: a database without any was lost, and must read neither as "nothing to update" nor
// as "nothing installed". RF_PERMANENT "apt.database_empty".
Result<> requireInstalled(const Session& session);

}  // namespace redflag::apt
