#pragma once
// Which module and stream a package belongs to. libdnf filters by it and does not say it, so the repository's
// modules.yaml is read with the library of that format, and only if an update comes out of a module.

#include <map>
#include <string>

#include "handles.h"
#include "session.h"

namespace redflag::dnf {

class ModuleNames {
 public:
  explicit ModuleNames(const Session& session) : session_(session) {}

  // "nodejs:18", or "" for a package of no active module.
  std::string of(DnfPackage* package);

 private:
  // By "name-epoch:version-release.architecture".
  using Names = std::map<std::string, std::string>;
  static Names read(const std::string& file);

  const Session& session_;
  std::map<std::string, Names> by_repository_;
};

}  // namespace redflag::dnf
