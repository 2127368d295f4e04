#include "kept_back.h"

#include <apt-pkg/depcache.h>
#include <apt-pkg/policy.h>
#include <apt-pkg/upgrade.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "apt_errors.h"

namespace redflag::apt {
namespace {

// The system as it would be: for each package the version that would be there.
class Target {
 public:
  explicit Target(Session& session)
      : session_(session), changed_(session.cache().Head().PackageCount, false) {
    chosen_.reserve(2 * session.installed().size());
    for (const auto& package : session.installed())
      chosen_[package->ID] = package.CurrentVer();
  }

  // Replaces what is there by each wanted version, then follows what that needs.
  bool reach(const std::vector<Candidate>& wanted) {
    for (const auto& candidate : wanted) {
      choose(candidate.version);
      noteChanges(candidate.package.CurrentVer());
    }
    for (const auto& package : session_.installed())
      if (!isStillMet(at(package->ID))) return false;
    while (!to_check_.empty()) {
      const auto version = to_check_.back();
      to_check_.pop_back();
      if (!everyNeedIsMet(version)) return false;
    }
    return std::none_of(wanted.begin(), wanted.end(), [this](const Candidate& candidate) {
      return lacksRecommended(candidate.version) && !lacksRecommended(candidate.package.CurrentVer());
    });
  }

 private:
  using Version = pkgCache::VerIterator;
  using Dependency = pkgCache::DepIterator;
  enum class MayAdd { kNo, kYes };

  Version at(map_id_t package_id) const {
    const auto found = chosen_.find(package_id);
    return Version(session_.cache(),
                   found == chosen_.end() ? nullptr : const_cast<pkgCache::Version*>(found->second));
  }
  bool has(const Version& version) const {
    const auto found = chosen_.find(version.ParentPkg()->ID);
    return found != chosen_.end() && found->second == static_cast<const pkgCache::Version*>(version);
  }
  void choose(const Version& version) {
    chosen_[version.ParentPkg()->ID] = version;
    noteChanges(version);
    to_check_.push_back(version);
  }
  // Whoever depends on one of these names has to be asked again.
  void noteChanges(const Version& version) {
    changed_[version.ParentPkg()->ID] = true;
    for (auto provided = version.ProvidesList(); !provided.end(); ++provided)
      changed_[provided.ParentPkg()->ID] = true;
  }

  bool isThere(const Dependency& dependency) const {
    if (const auto direct = at(dependency.TargetPkg()->ID);
        !dependency.IsNegative() && !direct.end() && dependency.IsSatisfied(direct))
      return true;
    const std::unique_ptr<pkgCache::Version*[]> targets(dependency.AllTargets());
    for (auto** target = targets.get(); *target != nullptr; ++target)
      if (has(Version(session_.cache(), *target))) return true;
    return false;
  }

  // A package that stays: only what concerns changed names can have become wrong. New packages are for the
  // changed ones, which are all checked in full, to ask for.
  bool isStillMet(const Version& version) {
    for (auto dependency = version.DependsList(); !dependency.end();) {
      Dependency first;
      Dependency last;
      dependency.GlobOr(first, last);  // moves `dependency` past the group
      if (concernsChanges(first, last) && !groupIsMet(first, last, MayAdd::kNo)) return false;
    }
    return true;
  }

  bool concernsChanges(const Dependency& first, const Dependency& last) const {
    for (auto member = first;; ++member) {
      if (changed_[member.TargetPkg()->ID]) return true;
      if (member == last) return false;
    }
  }

  bool everyNeedIsMet(const Version& version) {
    for (auto dependency = version.DependsList(); !dependency.end();) {
      Dependency first;
      Dependency last;
      dependency.GlobOr(first, last);
      if (!groupIsMet(first, last, MayAdd::kYes)) return false;
    }
    return true;
  }

  // What is recommended anew may bring a package, or keep the update back: libapt's to decide.
  bool lacksRecommended(const Version& version) const {
    for (auto dependency = version.DependsList(); !dependency.end();) {
      Dependency first;
      Dependency last;
      dependency.GlobOr(first, last);
      if (first->Type != pkgCache::Dep::Recommends) continue;
      bool met = isThere(first);
      for (auto member = first; !met && member != last;)
        met = isThere(++member);
      if (!met) return true;
    }
    return false;
  }

  // One or-group; a conflict is a group of one.
  bool groupIsMet(const Dependency& first, const Dependency& last, MayAdd may_add) {
    if (!first.IsCritical()) return true;
    if (first.IsNegative()) return !isThere(first);
    for (auto member = first;; ++member) {
      if (isThere(member)) return true;
      if (member == last) break;
    }
    return may_add == MayAdd::kYes && addFirstPossible(first, last);
  }

  // A package that is not there yet, by its own name: what apt would install as well.
  bool addFirstPossible(const Dependency& first, const Dependency& last) {
    for (auto member = first;; ++member) {
      const auto package = member.TargetPkg();
      const auto version = session_.policy().GetCandidateVer(package);
      if (!chosen_.contains(package->ID) && !version.end() && member.IsSatisfied(version)) {
        choose(version);
        return isWelcome(version);
      }
      if (member == last) return false;
    }
  }

  // Nothing that is there breaks or conflicts with the new package; it can only help those that depend on it.
  bool isWelcome(const Version& added) {
    if (!isWelcomeAs(added.ParentPkg())) return false;
    for (auto provided = added.ProvidesList(); !provided.end(); ++provided)
      if (!isWelcomeAs(provided.ParentPkg())) return false;
    return true;
  }

  bool isWelcomeAs(const pkgCache::PkgIterator& name) {
    for (auto dependency = name.RevDependsList(); !dependency.end(); ++dependency)
      if (dependency.IsNegative() && has(dependency.ParentVer()) && isThere(dependency)) return false;
    return true;
  }

  Session& session_;
  // By the package's ID. The cache knows a hundred packages for each that is there.
  std::unordered_map<map_id_t, const pkgCache::Version*> chosen_;
  std::vector<bool> changed_;  // by the package's ID
  std::vector<Version> to_check_;
};

}  // namespace

bool allFitTogether(Session& session, const std::vector<Candidate>& wanted) {
  return Target(session).reach(wanted);
}

Result<std::vector<bool>> simulateKeptBack(Session& session, const std::vector<Candidate>& candidates) {
  auto dependencies = session.dependencies();
  if (!dependencies) return tl::unexpected<Problem>(dependencies.error());
  pkgDepCache& cache = **dependencies;
  // What it cannot resolve it keeps, which is the answer; its complaints are not ours.
  static_cast<void>(APT::Upgrade::Upgrade(cache, APT::Upgrade::FORBID_REMOVE_PACKAGES));
  forgetAptErrors();
  std::vector<bool> kept;
  kept.reserve(candidates.size());
  for (const auto& candidate : candidates)
    kept.push_back(cache[candidate.package].InstVerIter(cache) != candidate.version);
  return kept;
}

}  // namespace redflag::apt
