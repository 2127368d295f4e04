#include "plan.h"

#include <libdnf/dnf-goal.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "advisories.h"
#include "common/package_numbers.h"
#include "common/reboot_names.h"

namespace redflag::dnf {
namespace {

constexpr const char* kVersionGone = "dnf.version_gone";

std::string fullName(DnfPackage* package) {
  return textOf(dnf_package_get_nevra(package));
}

std::string label(const Wanted& wanted) {
  return wanted.name + "." + wanted.arch + " " + wanted.version;
}

// Packages of that name, architecture and version ("": any) that a repository offers.
Packages findOffered(const Query& query, const Wanted& wanted) {
  hy_query_filter(query.get(), HY_PKG_REPONAME, HY_NEQ, HY_SYSTEM_REPO_NAME);
  hy_query_filter(query.get(), HY_PKG_NAME, HY_EQ, wanted.name.c_str());
  hy_query_filter(query.get(), HY_PKG_ARCH, HY_EQ, wanted.arch.c_str());
  hy_query_filter(query.get(), HY_PKG_EVR, HY_EQ, wanted.version.c_str());
  return run(query);
}

// The newest installed package that the wanted one would replace by its name; nullptr if there is none.
DnfPackage* newestInstalled(const Packages& installed) {
  DnfPackage* newest = nullptr;
  for (auto* package : listOf(installed))
    if (newest == nullptr || dnf_package_evr_cmp(package, newest) > 0) newest = package;
  return newest;
}

Packages findInstalled(DnfSack* sack, const std::string& name) {
  const auto query = installedPackages(sack);
  hy_query_filter(query.get(), HY_PKG_NAME, HY_EQ, name.c_str());
  return run(query);
}

bool obsoletesInstalled(DnfSack* sack, DnfPackage* package) {
  const auto installed = installedPackages(sack);
  const PackageSet all(hy_query_run_set(installed.get()));
  const Query query(hy_query_create(sack));
  hy_query_filter_package_in(query.get(), HY_PKG_OBSOLETES, HY_EQ, all.get());
  const PackageSet obsoleting(hy_query_run_set(query.get()));
  return dnf_packageset_has(obsoleting.get(), package) != 0;
}

Problem whyNotOffered(const Session& session, const Wanted& wanted) {
  auto* sack = session.sack();
  const auto hidden = findOffered(Query(hy_query_create_flags(sack, HY_IGNORE_EXCLUDES)), wanted);
  if (hidden->len == 0)
    return {RF_PERMANENT, kVersionGone, label(wanted) + ": no repository offers this version"};
  for (auto* package : listOf(hidden))
    if (session.filters().isLocked(package))
      return {RF_PERMANENT, "dnf.held", label(wanted) + ": a version lock on this machine keeps it out"};
  return {RF_PERMANENT, "dnf.excluded",
          label(wanted) + ": an exclude, or a module stream that is not enabled, keeps it out"};
}

// Found packages, kept alive.
struct Found {
  Packages offered;
  DnfPackage* package = nullptr;
};

Result<Found> find(const Session& session, const Wanted& wanted, bool rollback) {
  auto* sack = session.sack();
  Found found{findOffered(Query(hy_query_create(sack)), wanted)};
  const auto installed = findInstalled(sack, wanted.name);
  const auto* newest = newestInstalled(installed);
  const bool newer =
      newest != nullptr &&
      dnf_sack_evr_cmp(sack, textOf(dnf_package_get_evr(const_cast<DnfPackage*>(newest))).c_str(),
                       wanted.version.c_str()) > 0;
  if (newer && !rollback)
    return fail(RF_PERMANENT, "dnf.newer_installed", label(wanted) + ": a newer version is installed");
  if (!newer && rollback)
    return fail(RF_PERMANENT, "dnf.nothing_to_undo", label(wanted) + ": no newer version is installed");
  if (found.offered->len == 0) return tl::unexpected<Problem>(whyNotOffered(session, wanted));
  found.package = listOf(found.offered).front();
  if (newest == nullptr && !obsoletesInstalled(sack, found.package))
    return fail(RF_PERMANENT, "dnf.not_installed",
                label(wanted) + ": the package is not installed, so it cannot be updated");
  return found;
}

bool isInstalled(DnfSack* sack, const Wanted& wanted) {
  const auto packages = findInstalled(sack, wanted.name);
  const auto installed = listOf(packages);
  return std::any_of(installed.begin(), installed.end(), [&](DnfPackage* package) {
    return wanted.arch == dnf_package_get_arch(package) && wanted.version == dnf_package_get_evr(package);
  });
}

const char* reasonOf(HyGoal goal, DnfPackage* package) {
  switch (hy_goal_get_reason(goal, package)) {
    case HY_REASON_DEP:
      return "dependency";
    case HY_REASON_WEAKDEP:
      return "weak-dependency";
    default:
      return "user";
  }
}

// Turns a solved goal into steps.
class Steps {
 public:
  Steps(const Session& session, HyGoal goal, const std::vector<Wanted>& wanted,
        const plugin::ServicesInUse& services)
      : session_(session), goal_(goal), wanted_(wanted), services_(services) {}

  Plan take() {
    add("upgrade", Packages(hy_goal_list_upgrades(goal_, nullptr)));
    add("install", Packages(hy_goal_list_installs(goal_, nullptr)));
    add("downgrade", Packages(hy_goal_list_downgrades(goal_, nullptr)));
    remove(Packages(hy_goal_list_erasures(goal_, nullptr)));
    remove(Packages(hy_goal_list_obsoleted(goal_, nullptr)));
    addAdvice();
    plan_.restarts.assign(restarts_.begin(), restarts_.end());
    std::sort(plan_.steps.begin(), plan_.steps.end(), [](const Step& a, const Step& b) {
      return std::tie(a.name, a.arch, a.operation, a.from) < std::tie(b.name, b.arch, b.operation, b.from);
    });
    return std::move(plan_);
  }

 private:
  void add(const char* operation, const Packages& packages) {
    for (auto* package : listOf(packages)) {
      Step step;
      step.operation = operation;
      step.name = textOf(dnf_package_get_name(package));
      step.arch = textOf(dnf_package_get_arch(package));
      step.to = textOf(dnf_package_get_evr(package));
      step.repository = textOf(dnf_package_get_reponame(package));
      step.reason = reasonOf(goal_, package);
      step.requested = std::any_of(wanted_.begin(), wanted_.end(), [&](const Wanted& wanted) {
        return wanted.name == step.name && wanted.arch == step.arch && wanted.version == step.to;
      });
      plan_.download_bytes += plugin::sizeOf(dnf_package_get_downloadsize(package));
      plan_.installed_bytes_delta += plugin::sizeOf(dnf_package_get_installsize(package));
      if (step.operation != "install") {
        replace(package, step);
      } else {
        comeBeside(package);
      }
      plan_.steps.push_back(std::move(step));
    }
  }

  // The older version goes as part of the same step.
  void replace(DnfPackage* package, Step& step) {
    const Packages gone(hy_goal_list_obsoleted_by_package(goal_, package));
    for (auto* old : listOf(gone)) {
      if (step.name != dnf_package_get_name(old)) continue;
      step.from = textOf(dnf_package_get_evr(old));
      step.replaced = fullName(old);
      plan_.installed_bytes_delta -= plugin::sizeOf(dnf_package_get_installsize(old));
      replaced_.insert(step.replaced);
      addUsersOf(old);
      installed_arch_[{step.name, step.arch}] = textOf(dnf_package_get_arch(old));
      kept_.emplace_back(static_cast<DnfPackage*>(g_object_ref(old)));
    }
  }

  // Of a kernel the new version comes beside the older ones: an update all the same.
  void comeBeside(DnfPackage* package) {
    const auto installed = findInstalled(session_.sack(), textOf(dnf_package_get_name(package)));
    DnfPackage* newest = nullptr;
    for (auto* old : listOf(installed))
      if (textOf(dnf_package_get_arch(old)) == dnf_package_get_arch(package) &&
          (newest == nullptr || dnf_package_evr_cmp(old, newest) > 0))
        newest = old;
    if (newest == nullptr || dnf_package_evr_cmp(package, newest) <= 0) return;
    beside_[{textOf(dnf_package_get_name(package)), textOf(dnf_package_get_arch(package))}] =
        textOf(dnf_package_get_evr(newest));
    kept_.emplace_back(static_cast<DnfPackage*>(g_object_ref(newest)));
  }

  void remove(const Packages& packages) {
    for (auto* package : listOf(packages)) {
      const auto nevra = fullName(package);
      if (!replaced_.insert(nevra).second) continue;
      Step step;
      step.operation = "remove";
      step.name = textOf(dnf_package_get_name(package));
      step.arch = textOf(dnf_package_get_arch(package));
      step.from = textOf(dnf_package_get_evr(package));
      step.replaced = nevra;
      addUsersOf(package);
      plan_.installed_bytes_delta -= plugin::sizeOf(dnf_package_get_installsize(package));
      plan_.steps.push_back(std::move(step));
    }
  }

  void addUsersOf(DnfPackage* package) {
    plan_.restarts_incomplete = services_.isCut();
    if (services_.empty()) return;
    const std::unique_ptr<gchar*, Free<&g_strfreev>> files(dnf_package_get_files(package));
    for (gchar** file = files.get(); file != nullptr && *file != nullptr; ++file)
      services_.addUsersOf(*file, restarts_);
  }

  void addAdvice() {
    std::vector<DnfPackage*> installed;
    for (const auto& package : kept_)
      installed.push_back(package.get());
    const Advisories advisories(session_.sack(), installed);
    for (auto& step : plan_.steps) {
      step.category = "unknown";
      const auto beside = beside_.find({step.name, step.arch});
      const bool is_beside = step.operation == "install" && beside != beside_.end();
      if (step.operation != "upgrade" && !is_beside) continue;
      const auto arch = is_beside ? step.arch : installed_arch_[{step.name, step.arch}];
      const auto advice =
          advisories.between(step.name, arch, is_beside ? beside->second : step.from, step.to);
      step.category = advice.category;
      // Not every publisher of advisories says so, and not every repository has any.
      plan_.needs_reboot = plan_.needs_reboot || advice.needs_reboot || plugin::wantsReboot(step.name);
    }
  }

  const Session& session_;
  HyGoal goal_;
  const std::vector<Wanted>& wanted_;
  const plugin::ServicesInUse& services_;
  std::set<std::string> restarts_;
  Plan plan_;
  std::set<std::string> replaced_;
  std::map<std::pair<std::string, std::string>, std::string> installed_arch_;
  std::map<std::pair<std::string, std::string>, std::string> beside_;  // the newest one there, by what comes
  std::vector<Package> kept_;
};

// Of a kernel the older version stays beside the newer one: there is nothing to go back to by a downgrade.
Problem nothingToUndo(DnfSack* sack, const Wanted& wanted) {
  const auto installed = findInstalled(sack, wanted.name);
  const auto newest = textOf(dnf_package_get_evr(newestInstalled(installed)));
  auto text = label(wanted) + ": it is installed, and ";
  text += newest == wanted.version ? "nothing newer" : newest + " beside it, which stays";
  return {RF_PERMANENT, "dnf.nothing_to_undo", text};
}

// What is wanted and not there yet. Every version that cannot be had is named.
Result<std::vector<Found>> findAll(const Session& session, const Request& request) {
  std::vector<Found> found;
  std::string gone;
  for (const auto& wanted : request.updates) {
    if (isInstalled(session.sack(), wanted)) {
      if (request.rollback) return tl::unexpected<Problem>(nothingToUndo(session.sack(), wanted));
      continue;
    }
    auto one = find(session, wanted, request.rollback);
    if (one) {
      found.push_back(std::move(*one));
    } else if (one.error().code == kVersionGone) {
      gone += (gone.empty() ? "" : "; ") + one.error().text;
    } else {
      return tl::unexpected<Problem>(one.error());
    }
  }
  if (!gone.empty()) return fail(RF_PERMANENT, kVersionGone, gone);
  return found;
}

// Where several repositories offer the same package, from the one that dnf would take it from: that is the
// solver's to say, by priority and cost.
Result<> want(const Session& session, HyGoal goal, const Found& wanted) {
  const PackageSet any(dnf_packageset_new(session.sack()));
  for (auto* package : listOf(wanted.offered))
    dnf_packageset_add(any.get(), package);
  const Selector selector(hy_selector_create(session.sack()));
  ErrorText error;
  if (hy_selector_pkg_set(selector.get(), any.get()) != 0 ||
      hy_goal_install_selector(goal, selector.get(), error.out()) == 0)
    return fail(RF_PERMANENT, "dnf.unresolvable", fullName(wanted.package) + ": " + error.text());
  return {};
}

// As dnf does before it carries a plan out: what it would refuse then is refused now.
void protect(const Session& session, HyGoal goal) {
  std::vector<const char*> names;
  for (const auto& name : session.configuration().protected_packages)
    names.push_back(name.c_str());
  if (names.empty()) return;
  names.push_back(nullptr);
  const auto query = installedPackages(session.sack());
  hy_query_filter_in(query.get(), HY_PKG_NAME, HY_EQ, names.data());
  dnf_goal_add_protected(goal, runSet(query).get());
}

}  // namespace

Result<Plan> makePlan(const Session& session, const Request& request, const plugin::ServicesInUse& services) {
  const auto found = findAll(session, request);
  if (!found) return tl::unexpected<Problem>(found.error());
  if (found->empty()) return Plan{};
  const Goal goal(hy_goal_create(session.sack()));
  for (const auto& one : *found)
    if (auto wanted = want(session, goal.get(), one); !wanted) return tl::unexpected<Problem>(wanted.error());
  protect(session, goal.get());
  ErrorText error;
  int flags = DNF_FORCE_BEST;
  if (!session.configuration().weak_dependencies) flags |= DNF_IGNORE_WEAK_DEPS;
  if (dnf_goal_depsolve(goal.get(), static_cast<DnfGoalActions>(flags), error.out()) == 0)
    return fail(RF_PERMANENT, "dnf.unresolvable", error.text());
  auto plan = Steps(session, goal.get(), request.updates, services).take();
  if (const auto more = notOrdered(plan, '.'); request.rollback && !more.empty())
    return fail(RF_PERMANENT, "dnf.rollback_needs_more", "going back would also: " + more);
  return plan;
}

Json toReplay(const Plan& plan) {
  static const std::map<std::string, std::pair<const char*, const char*>> kActions{
      {"install", {"Install", ""}},
      {"upgrade", {"Upgrade", "Upgraded"}},
      {"downgrade", {"Downgrade", "Downgraded"}},
      {"remove", {"", "Removed"}}};
  auto rpms = Json::array();
  for (const auto& step : plan.steps) {
    const auto& [forward, back] = kActions.at(step.operation);
    if (*forward != '\0')
      rpms.push_back({{"action", forward},
                      {"nevra", step.name + "-" + step.to + "." + step.arch},
                      // An upgrade keeps the reason for which its package is there.
                      {"reason", step.operation == "install" ? step.reason : "unknown"},
                      {"repo_id", step.repository}});
    if (*back != '\0')
      rpms.push_back(
          {{"action", back}, {"nevra", step.replaced}, {"reason", "unknown"}, {"repo_id", "@System"}});
  }
  return {{"version", "0.0"}, {"rpms", std::move(rpms)}};
}

}  // namespace redflag::dnf
