#include "candidates.h"

#include <algorithm>
#include <map>

namespace redflag::dnf {
namespace {

std::string nameOf(DnfPackage* package) {
  return textOf(dnf_package_get_name(package));
}
std::string archOf(DnfPackage* package) {
  return textOf(dnf_package_get_arch(package));
}

// The installed packages, so that the one that a candidate would upgrade is found.
class Installed {
 public:
  explicit Installed(const std::vector<DnfPackage*>& packages) {
    for (auto* package : packages)
      by_name_[nameOf(package)].push_back(package);
  }

  // The newest that has the name, and the architecture or none, as libdnf compares.
  DnfPackage* upgradedBy(DnfPackage* candidate) const {
    const auto found = by_name_.find(nameOf(candidate));
    DnfPackage* newest = nullptr;
    if (found == by_name_.end()) return newest;
    const auto arch = archOf(candidate);
    for (auto* package : found->second) {
      const auto own = archOf(package);
      if (own != arch && own != "noarch" && arch != "noarch") continue;
      if (newest == nullptr || dnf_package_evr_cmp(package, newest) > 0) newest = package;
    }
    return newest;
  }

 private:
  std::map<std::string, std::vector<DnfPackage*>> by_name_;
};

void addChosen(const Packages& packages, std::map<std::string, std::string>& chosen) {
  for (auto* package : listOf(packages))
    chosen[textOf(dnf_package_get_nevra(package))] = textOf(dnf_package_get_reponame(package));
}

}  // namespace

Candidates::Candidates(const Session& session) {
  auto* sack = session.sack();
  installed_ = run(installedPackages(sack));
  const Installed installed(listOf(installed_));
  upgrades_ = run(upgrades(sack));
  for (auto* package : listOf(upgrades_))
    list_.push_back({package, installed.upgradedBy(package), ""});
  if (session.configuration().obsoletes) addObsoleting(session);
  for (auto* package : session.filters().unfiltered())
    if (!has(package))
      list_.push_back({package, installed.upgradedBy(package),
                       session.filters().isLocked(package) ? "held" : "excluded"});
}

bool Candidates::has(DnfPackage* package) const {
  return std::any_of(list_.begin(), list_.end(), [package](const Candidate& candidate) {
    return nameOf(candidate.package) == nameOf(package) && archOf(candidate.package) == archOf(package);
  });
}

void Candidates::addObsoleting(const Session& session) {
  const auto installed = installedPackages(session.sack());
  const PackageSet obsoleted(hy_query_run_set(installed.get()));
  const Query query(hy_query_create(session.sack()));
  hy_query_filter_package_in(query.get(), HY_PKG_OBSOLETES_BY_PRIORITY, HY_EQ, obsoleted.get());
  hy_query_apply(query.get());
  hy_query_filter_num(query.get(), HY_PKG_LATEST_PER_ARCH, HY_EQ, 1);
  obsoleting_ = run(query);
  for (auto* package : listOf(obsoleting_))
    if (!has(package)) list_.push_back({package, nullptr, ""});
}

std::map<std::string, std::string> chosenBySolver(const Session& session) {
  std::map<std::string, std::string> chosen;
  const Goal goal(hy_goal_create(session.sack()));
  hy_goal_upgrade_all(goal.get());
  const auto flags = session.configuration().weak_dependencies ? DNF_NONE : DNF_IGNORE_WEAK_DEPS;
  if (hy_goal_run_flags(goal.get(), flags) != 0) return chosen;
  addChosen(Packages(hy_goal_list_upgrades(goal.get(), nullptr)), chosen);
  addChosen(Packages(hy_goal_list_installs(goal.get(), nullptr)), chosen);
  return chosen;
}

std::string sourceName(const std::string& source_rpm) {
  auto end = source_rpm.size();
  for (int dashes = 0; dashes < 2; ++dashes) {
    end = source_rpm.rfind('-', end == 0 ? 0 : end - 1);
    if (end == std::string::npos || end == 0) return {};
  }
  return source_rpm.substr(0, end);
}

}  // namespace redflag::dnf
