#pragma once
// What apt would upgrade, by its own policy: pins, default release and all.

#include <apt-pkg/pkgcache.h>

#include <vector>

#include "archives.h"
#include "session.h"
#include "upgrade.h"

namespace redflag::apt {

struct Candidate {
  pkgCache::PkgIterator package;
  pkgCache::VerIterator version;  // newer than the installed one
};

// Exactly what `apt list --upgradable` names, in the cache's order.
std::vector<Candidate> findCandidates(Session& session);

// Candidates as rows: everything but blocked_by. Each belongs to the archive whose list it was read from,
// also if that list was fetched anew since.
class Describer {
 public:
  Describer(Session& session, const std::vector<Archive>& archives);
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
