#include "updater.h"

#include <apt-pkg/depcache.h>
#include <apt-pkg/version.h>

#include <algorithm>

#include "candidates.h"
#include "dpkg_repair.h"
#include "installer.h"
#include "transaction.h"

namespace redflag::apt {
namespace {

pkgCache::PkgIterator findInstalled(pkgCache& cache, const std::string& name, const std::string& arch) {
  const auto group = cache.FindGrp(name);
  if (group.end()) return {};
  for (auto package = group.PackageList(); !package.end(); package = group.NextPkg(package)) {
    const auto current = package.CurrentVer();
    if (!current.end() && (arch == package.Arch() || arch == current.Arch())) return package;
  }
  return {};
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

std::string difference(const std::vector<Step>& planned, const std::vector<Step>& found) {
  const auto missing = [](const std::vector<Step>& here, const std::vector<Step>& there) {
    std::string names;
    for (const auto& step : here)
      if (std::find(there.begin(), there.end(), step) == there.end())
        names += " " + step.operation + " " + step.name + ":" + step.arch + " " + step.to + ",";
    return names.substr(0, names.empty() ? 0 : names.size() - 1);
  };
  const auto gone = missing(planned, found);
  const auto added = missing(found, planned);
  return (gone.empty() ? "" : "planned, no longer possible:" + gone) +
         (gone.empty() || added.empty() ? "" : "; ") +
         (added.empty() ? "" : "not planned, now needed:" + added);
}

}  // namespace

Result<AptUpdater::Prepared> AptUpdater::prepare(const Request& request) {
  auto session = Session::open();
  if (!session) return tl::unexpected<Problem>(session.error());
  auto plan = makePlan(**session, request.updates);
  if (!plan) return tl::unexpected<Problem>(plan.error());
  return Prepared{std::move(*session), std::move(*plan)};
}

rf::Status AptUpdater::end(const Result<Json>& outcome, rf::Output& result) {
  if (outcome) return result.write(dumpJson(*outcome));
  const auto& problem = outcome.error();
  return run_.fail(rf::toStatus(problem.status), problem.code, problem.text);
}

rf::Status AptUpdater::plan(std::string_view text, rf::Output& result) {
  const auto plan = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (auto ok = configureApt(settings_, CacheUse::kOwn); !ok) return tl::unexpected<Problem>(ok.error());
    const auto prepared = prepare(*request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    return toJson(prepared->plan);
  };
  return end(plan(), result);
}

rf::Status AptUpdater::download(std::string_view text, rf::Output& result) {
  const auto fetch = [&]() -> Result<Json> {
    const auto request = parseRequest(text, true);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (auto ok = becomeInstaller(settings_); !ok) return tl::unexpected<Problem>(ok.error());
    auto prepared = prepare(*request);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    if (prepared->plan.steps != request->planned)
      return fail(RF_PERMANENT, "apt.plan_changed", difference(request->planned, prepared->plan.steps));
    Transaction transaction(*prepared->session, **prepared->session->dependencies(), run_, clock_, progress_);
    if (auto ok = transaction.download(); !ok) return tl::unexpected<Problem>(ok.error());
    return Json{{"download_bytes", prepared->plan.download_bytes}};
  };
  return end(fetch(), result);
}

Result<Json> AptUpdater::runInstall(const Request& request) {
  if (auto ok = becomeInstaller(settings_); !ok) return tl::unexpected<Problem>(ok.error());
  auto lock = SystemLock::acquire(run_, clock_, progress_);
  if (!lock) return tl::unexpected<Problem>(lock.error());
  auto prepared = prepare(request);
  if (!prepared) return tl::unexpected<Problem>(prepared.error());
  if (prepared->plan.steps != request.planned)
    return fail(RF_PERMANENT, "apt.plan_changed", difference(request.planned, prepared->plan.steps));
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
  auto steps = Json::array();
  bool all_done = true;
  for (const auto& step : plan.steps) {
    auto row = toJson(step);
    row["result"] = resultOf((*session)->cache(), step);
    all_done = all_done && row["result"] == "done";
    steps.push_back(std::move(row));
  }
  if (!all_done || !errors.empty())
    run_.fail(all_done ? rf::Status::kOk : rf::Status::kPermanent,
              all_done ? "apt.install_complained" : "apt.install_failed",
              errors.empty() ? "not every package reached its planned version" : errors);
  return Json{{"steps", std::move(steps)}, {"needs_reboot", plan.needs_reboot}};
}

rf::Status AptUpdater::install(std::string_view text, rf::Output& result) {
  const auto request = parseRequest(text, true);
  if (!request) return end(tl::unexpected<Problem>(request.error()), result);
  const auto written = end(runInstall(*request), result);
  return rf::worse(written, run_.outcome());
}

rf::Status AptUpdater::verify(std::string_view text, rf::Output& result) {
  const auto look = [&]() -> Result<Json> {
    const auto request = parseRequest(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (auto ok = configureApt(settings_, CacheUse::kOwn); !ok) return tl::unexpected<Problem>(ok.error());
    auto session = Session::open();
    if (!session) return tl::unexpected<Problem>(session.error());
    auto& cache = (*session)->cache();
    auto updates = Json::array();
    for (const auto& wanted : request->updates) {
      const auto package = findInstalled(cache, wanted.name, wanted.arch);
      const std::string now = package.end() ? "" : package.CurrentVer().VerStr();
      const bool enough =
          !now.empty() && isComplete(package) && cache.VS->CmpVersion(now, wanted.version) >= 0;
      updates.push_back({{"name", wanted.name},
                         {"arch", wanted.arch},
                         {"version", wanted.version},
                         {"installed_version", now},
                         {"verified", enough}});
    }
    return Json{{"updates", std::move(updates)}};
  };
  return end(look(), result);
}

rf::Status AptUpdater::repair(rf::Output& result) {
  const auto mend = [&]() -> Result<Json> {
    if (auto ok = becomeInstaller(settings_); !ok) return tl::unexpected<Problem>(ok.error());
    if (auto ok = configurePending([this](const std::string& line) { progress_.line(line); }); !ok)
      return tl::unexpected<Problem>(ok.error());
    return Json::object();
  };
  return end(mend(), result);
}

}  // namespace redflag::apt
