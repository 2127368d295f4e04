#pragma once
// Phased updates: an archive offers a version to a growing share of machines, and apt decides by machine id
// whether this one is among them. libapt keeps that decision to itself until it upgrades, so it is made here
// by the same rule.

#include <apt-pkg/pkgcache.h>

#include <string>

#include "candidates.h"
#include "settings.h"

namespace redflag::apt {

class Phasing {
 public:
  explicit Phasing(const Settings& settings) : root_(settings.root) {}
  // True if apt would hold this upgrade back for now.
  bool holdsBack(const Candidate& candidate);

 private:
  // The settings and the machine, read at the first phased version.
  struct Rule {
    bool applies = false;  // else every phased update is taken
    bool never = false;    // none is
    std::string machine_id;
  };
  const Rule& rule();

  std::string root_;
  bool known_ = false;
  Rule rule_;
};

}  // namespace redflag::apt
