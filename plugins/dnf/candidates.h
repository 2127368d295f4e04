#pragma once
// What dnf would upgrade, by libdnf's own queries, and what it would if nothing held it back.

#include <map>
#include <string>
#include <vector>

#include "session.h"
#include "upgrade.h"

namespace redflag::dnf {

struct Candidate {
  DnfPackage* package = nullptr;    // kept alive by Candidates
  DnfPackage* installed = nullptr;  // nullptr: it replaces one of another name
  std::string blocked_by;           // "held", "excluded", or ""
};

class Candidates {
 public:
  // Exactly what `dnf check-update` names, upgrades and obsoleting packages, and besides, marked as blocked,
  // upgrades that only an exclude or a version lock keeps out.
  explicit Candidates(const Session& session);

  std::vector<Candidate>& list() { return list_; }
  const std::vector<Candidate>& list() const { return list_; }

 private:
  void addObsoleting(const Session& session);
  bool has(DnfPackage* package) const;

  Packages installed_;
  Packages upgrades_;
  Packages obsoleting_;
  std::vector<Candidate> list_;
};

// The packages that dnf's solver would bring in an upgrade of everything, and from which repository; none if
// it finds no way.
std::map<std::string, std::string> chosenBySolver(const Session& session);

// "name" of "name-version-release.src.rpm".
std::string sourceName(const std::string& source_rpm);

}  // namespace redflag::dnf
