#pragma once
// What apt would upgrade, by its own policy: pins, default release and all.

#include <apt-pkg/pkgcache.h>

#include <vector>

#include "session.h"
#include "upgrade.h"

namespace redflag::apt {

struct Candidate {
  pkgCache::PkgIterator package;
  pkgCache::VerIterator version;  // newer than the installed one
};

// Exactly what `apt list --upgradable` names, in the cache's order.
std::vector<Candidate> findCandidates(Session& session);

// Candidates as rows: everything but blocked_by.
class Describer {
 public:
  explicit Describer(Session& session);
  Upgrade describe(const Candidate& candidate) const;

 private:
  Session& session_;
  std::vector<std::string> scopes_;  // by the package file's ID
};

bool isSecurityFile(pkgCache::PkgFileIterator file);
bool isSecurity(const Candidate& candidate);
// Packages whose installation is only in force after a reboot; the names are the kernels'.
bool isKernelImage(const std::string& name);

}  // namespace redflag::apt
