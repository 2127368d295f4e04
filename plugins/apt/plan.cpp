#include "plan.h"

#include <apt-pkg/algorithms.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/depcache.h>
#include <apt-pkg/policy.h>

#include <algorithm>
#include <tuple>

#include "apt_errors.h"
#include "candidates.h"
#include "common/package_text.h"

namespace redflag::apt {
namespace {

constexpr const char* kVersionGone = "apt.version_gone";

std::string label(const Wanted& wanted) {
  return wanted.name + ":" + wanted.arch + " " + wanted.version;
}

// Not only in dpkg's own list.
bool canBeHad(pkgCache::VerIterator version) {
  for (auto file = version.FileList(); !file.end(); ++file)
    if ((file.File()->Flags & pkgCache::Flag::NotSource) == 0) return true;
  return false;
}

// What is there, or else what an archive offers. Two of them may offer different packages as the same
// version: what was approved is the one that this machine's pins prefer.
pkgCache::VerIterator findVersion(pkgPolicy& policy, pkgCache::PkgIterator package,
                                  const std::string& version) {
  if (version == package.CurrentVer().VerStr()) return package.CurrentVer();
  pkgCache::VerIterator best;
  for (auto offer = package.VersionList(); !offer.end(); ++offer) {
    if (version != offer.VerStr() || !canBeHad(offer)) continue;
    if (best.end() || policy.GetPriority(offer) > policy.GetPriority(best)) best = offer;
  }
  return best;
}

// Architecture-independent packages are "all" in a row, but belong to a package of the native architecture,
// or to any other.
Result<Candidate> find(Session& session, const Wanted& wanted) {
  const auto group = session.cache().FindGrp(wanted.name);
  bool known = false;
  for (auto package = group.end() ? pkgCache::PkgIterator() : group.PackageList(); !package.end();
       package = group.NextPkg(package)) {
    if (package->CurrentVer == nullptr || (wanted.arch != "all" && wanted.arch != package.Arch())) continue;
    known = true;
    const auto version = findVersion(session.policy(), package, wanted.version);
    if (!version.end()) return Candidate{package, version};
  }
  if (!known)
    return fail(RF_PERMANENT, "apt.not_installed",
                label(wanted) + ": the package is not installed, so it cannot be updated");
  return fail(RF_PERMANENT, kVersionGone, label(wanted) + ": no archive offers this version");
}

Result<> check(const Candidate& candidate, const Wanted& wanted, bool rollback) {
  const std::string now = candidate.package.CurrentVer().VerStr();
  const int order = candidate.version.CompareVer(candidate.package.CurrentVer());
  if (order < 0 && !rollback)
    return fail(RF_PERMANENT, "apt.newer_installed",
                label(wanted) + ": " + now + " is installed, which is newer");
  if (order >= 0 && rollback)
    return fail(RF_PERMANENT, "apt.nothing_to_undo",
                label(wanted) + ": " + now + " is installed, which is not newer");
  const bool held =
      candidate.package->SelectedState == pkgCache::State::Hold && !_config->FindB("APT::Ignore-Hold", false);
  if (held && candidate.version != candidate.package.CurrentVer())
    return fail(RF_PERMANENT, "apt.held", label(wanted) + ": the package is held on this machine");
  return {};
}

Result<std::vector<Candidate>> findAll(Session& session, const Request& request) {
  std::vector<Candidate> found;
  std::string gone;
  for (const auto& wanted : request.updates) {
    auto candidate = find(session, wanted);
    if (!candidate && candidate.error().code == kVersionGone) {
      gone += (gone.empty() ? "" : "; ") + candidate.error().text;
      continue;
    }
    if (!candidate) return tl::unexpected<Problem>(candidate.error());
    if (auto ok = check(*candidate, wanted, request.rollback); !ok)
      return tl::unexpected<Problem>(ok.error());
    found.push_back(*candidate);
  }
  if (!gone.empty()) return fail(RF_PERMANENT, kVersionGone, gone);
  return found;
}

Result<> mark(pkgDepCache& cache, const std::vector<Candidate>& candidates) {
  pkgProblemResolver resolver(&cache);
  {
    const pkgDepCache::ActionGroup together(cache);
    for (const auto& candidate : candidates)
      cache.SetCandidateVersion(candidate.version);
    // First what was approved, so that none of it can be chosen otherwise while dependencies are followed.
    for (const auto& candidate : candidates) {
      if (candidate.version != candidate.package.CurrentVer())
        cache.MarkInstall(candidate.package, false, 0, false);
      resolver.Clear(candidate.package);
      resolver.Protect(candidate.package);
    }
    for (const auto& candidate : candidates)
      if (candidate.version != candidate.package.CurrentVer())
        cache.MarkInstall(candidate.package, true, 0, false);
  }
  const bool resolved = cache.BrokenCount() == 0 || resolver.Resolve(true);
  const bool exact = std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& candidate) {
    return cache[candidate.package].InstVerIter(cache) == candidate.version;
  });
  auto text = takeAptErrors();
  if (resolved && exact && cache.BrokenCount() == 0) return {};
  return fail(
      RF_PERMANENT, "apt.unresolvable",
      text.empty() ? "these versions cannot be installed together with what is on this machine" : text);
}

bool isFromSecurityArchive(pkgCache::VerIterator version) {
  for (auto file = version.FileList(); !file.end(); ++file)
    if (isSecurityFile(file.File())) return true;
  return false;
}

// apt-get asks before such a package goes. libapt's resolver only keeps them where it is new enough and no
// setting tells it otherwise, and then makes dpkg follow.
bool keepsTheSystemRunning(pkgCache::PkgIterator package) {
  return (package->Flags & (pkgCache::Flag::Essential | pkgCache::Flag::Important)) != 0;
}

Step stepOf(pkgDepCache& cache, pkgCache::PkgIterator package) {
  auto& state = cache[package];
  const auto current = package.CurrentVer();
  const auto target = state.InstVerIter(cache);
  Step step;
  step.name = package.Name();
  step.arch = (state.Delete() ? current : target).Arch();
  step.from = current.end() ? "" : current.VerStr();
  step.to = state.Delete() ? "" : target.VerStr();
  step.operation = state.Delete()      ? "remove"
                   : current.end()     ? "install"
                   : state.Downgrade() ? "downgrade"
                                       : "upgrade";
  const bool security =
      !state.Delete() && (current.end() ? isFromSecurityArchive(target) : isSecurity({package, target}));
  step.category = security ? "security" : "unknown";
  return step;
}

}  // namespace

Result<Plan> makePlan(Session& session, const Request& request) {
  auto dependencies = session.dependencies();
  if (!dependencies) return tl::unexpected<Problem>(dependencies.error());
  pkgDepCache& cache = **dependencies;
  if (cache.BrokenCount() != 0)
    return fail(RF_PERMANENT, "apt.broken_dependencies",
                "installed packages miss what they depend on; `apt --fix-broken install` mends that");
  const auto candidates = findAll(session, request);
  if (!candidates) return tl::unexpected<Problem>(candidates.error());
  if (auto marked = mark(cache, *candidates); !marked) return tl::unexpected<Problem>(marked.error());
  Plan plan;
  for (auto package = cache.PkgBegin(); !package.end(); ++package) {
    auto& state = cache[package];
    if (!state.Delete() && !state.Install()) continue;
    if (state.Delete() && keepsTheSystemRunning(package))
      return fail(RF_PERMANENT, "apt.essential",
                  std::string(package.Name()) + " would have to go, without which the system does not work");
    auto step = stepOf(cache, package);
    step.requested = std::any_of(candidates->begin(), candidates->end(),
                                 [&](const Candidate& candidate) { return candidate.package == package; });
    plan.needs_reboot = plan.needs_reboot || (!state.Delete() && isKernelImage(step.name));
    plan.steps.push_back(std::move(step));
  }
  for (const auto& step : plan.steps)
    if (!plugin::isPackageText(step.name) || (!step.to.empty() && !plugin::isPackageText(step.to)))
      return fail(RF_INVALID, "apt.lists_broken",
                  "it would take a package whose name or version is not one that a package can have");
  std::sort(plan.steps.begin(), plan.steps.end(), [](const Step& a, const Step& b) {
    return std::tie(a.name, a.arch, a.operation) < std::tie(b.name, b.arch, b.operation);
  });
  if (const auto more = notOrdered(plan, ':'); request.rollback && !more.empty())
    return fail(RF_PERMANENT, "apt.rollback_needs_more", "going back would also: " + more);
  plan.download_bytes = static_cast<std::int64_t>(cache.DebSize());
  plan.installed_bytes_delta = cache.UsrSize();
  return plan;
}

}  // namespace redflag::apt
