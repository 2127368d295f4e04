#include "updater.h"

#include <apt-pkg/depcache.h>
#include <apt-pkg/sourcelist.h>
#include <apt-pkg/version.h>

#include <algorithm>

#include "candidates.h"
#include "common/ending.h"
#include "dpkg_activity.h"
#include "dpkg_repair.h"
#include "fetch.h"
#include "installed_lists.h"
#include "installer.h"
#include "kept_packages.h"
#include "lists.h"
#include "restarts.h"
#include "source_list.h"
#include "system_lock.h"
#include "transaction.h"

namespace redflag::apt {
namespace {

pkgCache::PkgIterator findInstalled(pkgCache& cache, const std::string& name, const std::string& arch) {
  const auto group = cache.FindGrp(name);
  pkgCache::PkgIterator of_one_architecture;
  if (group.end()) return {};
  for (auto package = group.PackageList(); !package.end(); package = group.NextPkg(package)) {
    const auto current = package.CurrentVer();
    if (!current.end() && (arch == package.Arch() || arch == current.Arch())) return package;
    if (!current.end()) of_one_architecture = package;
  }
  // A version for all architectures may be what comes, and not yet what is there.
  return arch == "all" ? of_one_architecture : pkgCache::PkgIterator();
}

bool isComplete(const pkgCache::PkgIterator& package) {
  return package->CurrentState == pkgCache::State::Installed && package->InstState == pkgCache::State::Ok;
}

// What became of a step, by dpkg's own database.
std::string resultOf(pkgCache& cache, const Step& step) {
  const auto package = findInstalled(cache, step.name, step.arch);
  const std::string now = package.end() ? "" : package.CurrentVer().VerStr();
  const bool complete = package.end() || isComplete(package);
  if (complete && now == step.to) return "done";
  return complete && now == step.from ? "not_started" : "failed";
}

}  // namespace

Result<AptUpdater::Prepared> AptUpdater::prepare(const Request& request) {
  auto session = Session::open();
  if (!session) return tl::unexpected<Problem>(session.error());
  auto plan = makePlan(**session, request);
  if (!plan && request.rollback && plan.error().code == "apt.version_gone") {
    const auto kept = findKeptPackages(request.updates);
    if (kept.empty()) return tl::unexpected<Problem>(plan.error());
    session = Session::open(kept);
    if (!session) return tl::unexpected<Problem>(session.error());
    plan = makePlan(**session, request);
  }
  if (!plan) return tl::unexpected<Problem>(plan.error());
  return Prepared{std::move(*session), std::move(*plan)};
}

// Root never reads the scanner's own lists, and its own ones may be older than those: then they are fetched.
Result<AptUpdater::Prepared> AptUpdater::prepareAsPlanned(const Request& request) {
  auto prepared = prepare(request);
  const bool other =
      prepared ? prepared->plan.steps != request.planned : prepared.error().code == "apt.version_gone";
  if (other && settings_.refresh == plugin::Refresh::kPrivate && !request.rollback) {
    std::vector<BrokenSource> ignored;  // what they would offer was not planned
    const auto sources = readSources(ignored);
    const auto fetched =
        fetchLists(*sources, {settings_.root == "/", run_.deadlineNs()}, run_, clock_, progress_);
    if (!fetched) return tl::unexpected<Problem>(fetched.error());
    prepared = prepare(request);
  }
  if (!prepared) return tl::unexpected<Problem>(prepared.error());
  if (prepared->plan.steps == request.planned) return prepared;
  return fail(RF_PERMANENT, "apt.plan_changed", difference(request.planned, prepared->plan.steps, ':'));
}

rf::Status AptUpdater::plan(std::string_view text, rf::Output& result) {
  const auto plan = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (auto ok = configureApt(settings_, CacheUse::kOwn); !ok) return tl::unexpected<Problem>(ok.error());
    useOwnLists(settings_);
    auto prepared = prepare(*request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    nameRestarts(prepared->plan, settings_.root, plugin::ServicesInUse::ask(host_, settings_.root));
    return plugin::told(run_, "apt", prepared->plan);
  };
  return plugin::end(run_, result, plan());
}

rf::Status AptUpdater::download(std::string_view text, rf::Output& result) {
  const auto fetch = [&]() -> Result<Json> {
    const auto request = parseRequest(text, true);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (auto ok = becomeInstaller(settings_); !ok) return tl::unexpected<Problem>(ok.error());
    auto prepared = prepareAsPlanned(*request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    Transaction transaction(*prepared->session, **prepared->session->dependencies(), run_, clock_, progress_);
    if (auto ok = transaction.download(); !ok) return tl::unexpected<Problem>(ok.error());
    return Json{{"download_bytes", prepared->plan.download_bytes}};
  };
  return plugin::end(run_, result, fetch());
}

Result<Json> AptUpdater::runInstall(const Request& request) {
  if (auto ok = becomeInstaller(settings_); !ok) return tl::unexpected<Problem>(ok.error());
  auto lock = SystemLock::acquire(run_, clock_, progress_);
  if (!lock) return tl::unexpected<Problem>(lock.error());
  auto prepared = prepareAsPlanned(request);
  if (!prepared) return tl::unexpected<Problem>(prepared.error());
  std::string errors;
  if (!prepared->plan.steps.empty()) {
    Transaction transaction(*prepared->session, **prepared->session->dependencies(), run_, clock_, progress_);
    if (auto ok = transaction.download(); !ok) return tl::unexpected<Problem>(ok.error());
    if (run_.cancelled()) return fail(RF_CANCELLED, "apt.cancelled", "cancelled before anything was changed");
    errors = transaction.commit(*lock);
  }
  return outcome(prepared->plan, errors);
}

Result<Json> AptUpdater::outcome(const Plan& plan, const std::string& errors) {
  auto session = Session::open();
  if (!session) return tl::unexpected<Problem>(session.error());
  return plugin::outcomeOf(run_, "apt", plan, errors,
                           [&](const Step& step) { return resultOf((*session)->cache(), step); });
}

rf::Status AptUpdater::install(std::string_view text, rf::Output& result) {
  return carryOut(text, false, result);
}

rf::Status AptUpdater::rollback(std::string_view text, rf::Output& result) {
  return carryOut(text, true, result);
}

rf::Status AptUpdater::carryOut(std::string_view text, bool rollback, rf::Output& result) {
  auto request = parseRequest(text, true);
  if (!request) return plugin::end(run_, result, tl::unexpected<Problem>(request.error()));
  request->rollback = rollback;
  const auto written = plugin::end(run_, result, runInstall(*request));
  return rf::worse(written, run_.outcome());
}

rf::Status AptUpdater::verify(std::string_view text, rf::Output& result) {
  const auto look = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (auto ok = configureApt(settings_, CacheUse::kOwn); !ok) return tl::unexpected<Problem>(ok.error());
    useOwnLists(settings_);  // with which the binary cache is there already
    auto session = openInstalled(settings_);
    if (!session) return tl::unexpected<Problem>(session.error());
    auto& cache = (*session)->cache();
    auto updates = Json::array();
    for (const auto& wanted : request->updates) {
      const auto package = findInstalled(cache, wanted.name, wanted.arch);
      const std::string now = package.end() ? "" : package.CurrentVer().VerStr();
      const bool enough =
          !now.empty() && isComplete(package) && cache.VS->CmpVersion(now, wanted.version) >= 0;
      updates.push_back(plugin::verifiedRow(wanted, now, enough));
    }
    return Json{{"updates", std::move(updates)}};
  };
  return plugin::end(run_, result, look());
}

rf::Status AptUpdater::repair(rf::Output& result) {
  const auto mend = [&]() -> Result<Json> {
    if (auto ok = becomeInstaller(settings_); !ok) return tl::unexpected<Problem>(ok.error());
    if (auto ok = waitForOtherManager(run_, clock_, progress_); !ok)
      return tl::unexpected<Problem>(ok.error());
    if (auto ok = configurePending([this](const std::string& line) { progress_.line(line); }); !ok) {
      // Somebody may have been quicker; then nothing was tried, and nothing has failed.
      const auto activity = dpkgActivity();
      return tl::unexpected<Problem>(activity && activity->status == RF_TRANSIENT ? *activity : ok.error());
    }
    return Json::object();
  };
  return plugin::end(run_, result, mend());
}

}  // namespace redflag::apt
