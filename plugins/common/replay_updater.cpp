#include "common/replay_updater.h"

#include <unistd.h>

#include <algorithm>

#include "common/ending.h"
#include "common/replay_folder.h"

namespace redflag::plugin {
namespace {

constexpr int kDownloadShare = 40;  // of the whole, in percent

}  // namespace

Result<Plan> ReplayUpdater::prepareAgain(const Request& request) {
  auto plan = prepare(request, Metadata::kManagers);
  const bool other = plan ? plan->steps != request.planned : plan.error().code == code("version_gone");
  if (other && !request.rollback) {
    const auto caught_up = catchUp();
    if (!caught_up) return tl::unexpected<Problem>(caught_up.error());
    if (*caught_up) plan = prepare(request, Metadata::kManagers);
  }
  if (plan && plan->steps != request.planned)
    return fail(RF_PERMANENT, code("plan_changed"), difference(request.planned, plan->steps, '.'));
  return plan;
}

rf::Status ReplayUpdater::plan(std::string_view text, rf::Output& result) {
  const auto plan = [&]() -> Result<Json> {
    const auto request = parse(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto prepared = prepare(*request, Metadata::kScanners);
    if (!prepared) return tl::unexpected<Problem>(prepared.error());
    return told(run_, manager_, *prepared);
  };
  return end(run_, result, plan());
}

// Lets the manager carry out the plan. What it said, if it did not end well.
Result<std::string> ReplayUpdater::carryOut(Phase phase, const Plan& plan, const Patience& patience,
                                            const std::function<bool()>& stop) {
  const auto [name, document] = documentOf(plan);
  const ReplayFolder folder(name, document);
  if (!folder.written())
    return fail(RF_TRANSIENT, code("no_space"),
                folder.document() + ": the plan cannot be written for " + manager_);
  for (bool locked = false;;) {
    std::string about_keys;
    const auto command = commandFor(phase, plan, folder.path());
    const auto ended = runChild(
        command, folder.answers(),
        [&](const std::string& line) {
          progress_.line(line);
          if (mentionsKeys(line)) about_keys += line + "\n";
        },
        stop);
    if (ended.code < 0) return fail(RF_PERMANENT, code("no_program"), command.front() + " cannot be started");
    if (ended.code == 0) return std::string();
    const bool locked_out = isLockedOut(ended);
    // Also if it was stopped on another try: what it waited for is what counts.
    locked = locked_out || (locked && stop && stop());
    if (auto missing = sentenceOnMissingKeys(plan, about_keys); !missing.empty() && !locked)
      return fail(RF_PERMANENT, code("key_missing"), std::move(missing));
    if (!locked) return manager_ + " ended with " + std::to_string(ended.code) + ": " + ended.words;
    if (!locked_out || !patience.wait())
      return run_.cancelled() ? fail(RF_CANCELLED, code("cancelled"),
                                     "cancelled while waiting for another package manager")
                              : fail(RF_TRANSIENT, code("locked"), ended.words + "; nothing was changed");
  }
}

// Up to here a cancel, or the deadline, ends it: nothing is changed yet.
Result<> ReplayUpdater::fetch(const Plan& plan, const Patience& patience) {
  const bool any = std::any_of(plan.steps.begin(), plan.steps.end(),
                               [](const Step& step) { return step.operation != "remove"; });
  if (!any) return {};
  progress_.update(0, "Downloading");
  const auto stop = [this] { return run_.cancelled() || clock_.monotonicNs() >= run_.deadlineNs(); };
  const auto complaint = carryOut(Phase::kDownload, plan, patience, stop);
  if (!complaint) return tl::unexpected<Problem>(complaint.error());
  if (clock_.monotonicNs() >= run_.deadlineNs())
    return fail(RF_LIMIT, code("deadline"), "the time was over while downloading; nothing was changed");
  if (run_.cancelled())
    return fail(RF_CANCELLED, code("cancelled"), "cancelled while downloading; nothing was changed");
  if (!complaint->empty()) return fail(RF_TRANSIENT, code("download_failed"), *complaint);
  return {};
}

rf::Status ReplayUpdater::download(std::string_view text, rf::Output& result) {
  const auto fetched = [&]() -> Result<Json> {
    const auto request = parse(text, true);
    if (!request) return tl::unexpected<Problem>(request.error());
    if (geteuid() != 0)
      return fail(RF_DENIED, code("not_root"), "only root can fill " + manager_ + "'s cache");
    const auto plan = prepareAgain(*request);
    if (!plan) return tl::unexpected<Problem>(plan.error());
    const Patience patience(run_, clock_, progress_);
    if (auto ok = fetch(*plan, patience); !ok) return tl::unexpected<Problem>(ok.error());
    return Json{{"download_bytes", plan->download_bytes}};
  };
  return end(run_, result, fetched());
}

Result<Json> ReplayUpdater::runInstall(const Request& request) {
  if (geteuid() != 0) return fail(RF_DENIED, code("not_root"), "only root can change what is installed");
  const Patience patience(run_, clock_, progress_);
  if (auto ok = waitForLocks(lockFiles(), manager_, run_, patience); !ok)
    return tl::unexpected<Problem>(ok.error());
  const auto plan = prepareAgain(request);
  if (!plan) return tl::unexpected<Problem>(plan.error());
  const auto before = newestTransaction();
  std::string errors;
  if (!plan->steps.empty()) {
    if (auto ok = fetch(*plan, patience); !ok) return tl::unexpected<Problem>(ok.error());
    progress_.update(kDownloadShare, "Installing");
    auto complaint = carryOut(Phase::kInstall, *plan, Patience(run_, clock_, progress_), nullptr);
    if (!complaint) return tl::unexpected<Problem>(complaint.error());
    errors = std::move(*complaint);
  }
  return outcome(*plan, errors, before);
}

Result<Json> ReplayUpdater::outcome(const Plan& plan, const std::string& errors, std::int64_t before) {
  const auto now = installed();
  if (!now) return tl::unexpected<Problem>(now.error());
  auto result = outcomeOf(run_, manager_, plan, errors,
                          [&](const Step& step) { return resultOf(step, now->versionsOf); });
  if (const auto after = newestTransaction(); after > before) result["history_id"] = after;
  return result;
}

rf::Status ReplayUpdater::install(std::string_view text, rf::Output& result) {
  return change(text, false, result);
}

rf::Status ReplayUpdater::rollback(std::string_view text, rf::Output& result) {
  return change(text, true, result);
}

rf::Status ReplayUpdater::change(std::string_view text, bool rollback, rf::Output& result) {
  auto request = parse(text, true);
  if (!request) return end(run_, result, tl::unexpected<Problem>(request.error()));
  request->rollback = rollback;
  const auto written = end(run_, result, runInstall(*request));
  return rf::worse(written, run_.outcome());
}

rf::Status ReplayUpdater::verify(std::string_view text, rf::Output& result) {
  const auto look = [&]() -> Result<Json> {
    const auto request = parse(text, false);
    if (!request) return tl::unexpected<Problem>(request.error());
    const auto now = installed();
    if (!now) return tl::unexpected<Problem>(now.error());
    auto updates = Json::array();
    for (const auto& wanted : request->updates) {
      std::string newest;
      for (const auto& version : now->versionsOf(wanted.name, wanted.arch))
        if (newest.empty() || now->compare(version, newest) > 0) newest = version;
      const bool enough = !newest.empty() && now->compare(newest, wanted.version) >= 0;
      updates.push_back(verifiedRow(wanted, newest, enough));
    }
    return Json{{"updates", std::move(updates)}};
  };
  return end(run_, result, look());
}

}  // namespace redflag::plugin
