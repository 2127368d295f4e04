#include "executor/installer.h"

#include <fmt/format.h>

#include <algorithm>

#include "executor/log.h"
#include "executor/still_valid.h"
#include "host/frame.h"
#include "policy/window.h"
#include "protocol/limits.h"
#include "redflag/draft/updater.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;

constexpr std::int64_t kPlanGraceNs = 2 * kSecondNs;
constexpr std::int64_t kDownloadGraceNs = 10 * kSecondNs;

Outcome refused(std::string code, std::string text) {
  return {"refused", std::move(code), std::move(text), Json::array()};
}
Outcome failed(std::string code, std::string text) {
  return {"failed", std::move(code), std::move(text), Json::array()};
}

// What install() or rollback() wrote, with the plan's word on a reboot where it has none of its own. Of what
// is no JSON object, or too much, only that word is left.
Json resultOf(const HostReport& report, bool needs_reboot, bool& readable) {
  auto json = parseJson(report.result(),
                        {.bytes = host::kMaxResultBytes, .depth = 8, .values = protocol::kMaxResultValues});
  readable = json && json->is_object() && dumpJson(*json).size() <= host::kMaxResultBytes;
  if (!readable) json = Json::object();
  if (!json->contains("needs_reboot")) (*json)["needs_reboot"] = needs_reboot;
  return std::move(*json);
}

bool endsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// How an install ended that said so itself.
Outcome outcomeOf(const HostReport& report, bool needs_reboot) {
  bool readable = false;
  Outcome out{"succeeded", "", "", Json::array({resultOf(report, needs_reboot, readable)})};
  if (report.status() == "ok") {
    if (readable) return out;
    // Installed it is, whatever can be said about it; the scan that follows tells what is there now.
    const bool too_long = report.code("") == host::kResultTooLong;
    out.code = too_long ? host::kResultTooLong : "install.no_result";
    out.text = too_long ? report.text("") : "the updater said it was done, but not what it did";
    return out;
  }
  if (!readable) out.results = Json::array();
  const std::string code = report.code("install." + report.status());
  out.state = "failed";
  out.code = code;
  out.text = report.text("the updater ended with the status " + report.status());
  if (report.status() == "cancelled") {
    out.code = "install.deadline";
    out.text = "stopped between two packages because its time was over";
  } else if (report.status() == "permanent" && endsWith(code, ".plan_changed")) {
    out.state = "refused";
    out.code = refusal::kPlanChanged;
  }
  return out;
}

Outcome downloadOutcome(const Followed& followed) {
  const HostReport& report = followed.report;
  if (!report.done() && followed.killed)
    return failed("download.killed", "the download did not end in its time and was killed");
  if (!report.done()) return failed("download.crashed", "the updater ended in the middle of the download");
  if (report.status() == "cancelled")
    return failed("download.deadline", "stopped while downloading because its time was over");
  const auto result = parseJson(report.result(), {.bytes = 1U << 20, .depth = 8, .values = 10'000});
  if (report.status() == "ok" && !(result && result->is_object()))
    return failed("download.no_result", "the updater said it was done, but not what it did");
  if (report.status() == "ok") return {"succeeded", "", "", Json::array({*result})};
  Outcome out = failed(report.code("download." + report.status()),
                       report.text("the updater ended with the status " + report.status()));
  if (endsWith(out.code, ".plan_changed")) {
    out.state = "refused";
    out.code = refusal::kPlanChanged;
  }
  return out;
}

}  // namespace

std::optional<Outcome> Installer::run(JournalEntry& entry) {
  if (entry.phase == Phase::kInstalling) return resumeInstall(entry);
  if (entry.phase == Phase::kRepairing) return mend(entry);
  return plan(entry);
}

std::optional<Outcome> Installer::plan(JournalEntry& entry) {
  if (const auto ok = stillValid(entry, clock_, boot_id_); !ok)
    return refused(ok.error().code, ok.error().text);
  const auto rules = rules_.read();
  if (!rules) return refused(refusal::kPolicy, rules.error().text);
  if (!(*rules)->act()) return refused(refusal::kModeReport, "this machine is in report mode");
  if (auto ok = hosts_.makeFolder(entry.order.command_id); !ok)
    return failed("install.host", ok.error().text);
  return planWith(entry, **rules);
}

std::optional<Outcome> Installer::planWith(JournalEntry& entry, const Rules& rules) {
  const auto setup = rules.plugin(entry.order.plugin, RF_UPDATER_1);
  if (!setup) return refused(refusal::kUnknownAction, setup.error().text);
  const auto request = updatesOf(entry.order);
  if (!request) return refused(refusal::kMalformed, request.error().text);
  auto run = hosts_.startSealed(entry, *setup, {RF_UPDATER_1, "plan", *request, setup->plan_time_ns});
  if (!run) return failed("install.host", run.error().text);
  const std::int64_t until = clock_.monotonicNs() + setup->plan_time_ns;
  const Followed followed = hosts_.follow(*run, {.soft_at = until, .hard_at = until + kPlanGraceNs});
  if (followed.stopped) return std::nullopt;
  const HostReport& report = followed.report;
  if (followed.killed) return failed("plan.deadline", "planning took too long and was stopped");
  if (!report.done()) return failed("plan.crashed", "the updater crashed while it planned");
  if (report.status() != "ok") {
    return failed(report.code("plan." + report.status()),
                  report.text("planning ended with " + report.status()));
  }
  const auto plan = readPlan(report.result());
  if (!plan) return failed("plan.malformed", plan.error().text);
  return judge(entry, rules, *setup, *plan);
}

std::optional<Outcome> Installer::judge(JournalEntry& entry, const Rules& rules, const PluginSetup& setup,
                                        const LocalPlan& plan) {
  if (plan.hash != entry.order.plan_hash) {
    return refused(refusal::kPlanChanged, "the plan made here just now is not the plan that was confirmed");
  }
  const std::string action = entry.order.plugin + "/" + entry.order.action;
  const auto decision = decide(rules.policy(), {action, plan.steps}, localMinute(clock_.epochNs()));
  if (!decision.allowed) return refused(refusal::kPolicy, decision.reason);
  logLine("info", fmt::format("{}: {} with {} steps: {}", entry.order.command_id, action, plan.steps.size(),
                              decision.reason));
  return install(entry, setup, plan);
}

std::optional<Outcome> Installer::install(JournalEntry& entry, const PluginSetup& setup,
                                          const LocalPlan& plan) {
  Json request = updatesOf(entry.order).value_or(Json::object());
  request["plan"] = plan.document;
  entry.needs_reboot = plan.needs_reboot;
  auto run = hosts_.startPrivileged(entry, Phase::kInstalling, setup,
                                    {RF_UPDATER_1, entry.order.action.c_str(), request, limits_.soft_ns});
  if (!run) return failed("install.host", run.error().text);
  return followInstall(entry, *run, false);
}

std::optional<Outcome> Installer::resumeInstall(JournalEntry& entry) {
  const HostPlace place = hosts_.placeOf(entry, entry.order.action.c_str());
  if (entry.host.pid == 0) {  // it was never told to begin: nothing has changed yet
    HostRun::dismissWaiting(place);
    entry.phase = Phase::kPlanning;
    return plan(entry);
  }
  auto run = HostRun::attach(place, entry.host);
  if (!run && isDownload(entry.order)) {
    killTree(entry.host);
    return failed("download.lost", "the download's own record is gone: " + run.error().text);
  }
  if (!run) {
    entry.outcome = failed("install.lost", "the install's own record is gone: " + run.error().text);
    killTree(entry.host);
    return mend(entry);
  }
  logLine("info", fmt::format("{}: taking up the install again", entry.order.command_id));
  return followInstall(entry, *run, true);
}

std::optional<Outcome> Installer::followInstall(JournalEntry& entry, HostRun& run, bool attached) {
  Following how = limitsOf(entry);
  how.attached = attached;
  const Followed followed = hosts_.follow(run, how);
  if (followed.stopped) return std::nullopt;
  // What the host wrote last may not have reached the disk then: nothing written says nothing.
  const bool rebooted = attached && !isOfThisBoot(entry.host);
  if (attached && !rebooted && !followed.report.told()) {
    // The executor before us died between starting the host and telling it what to do.
    logLine("info", fmt::format("{}: its host was never told to begin", entry.order.command_id));
    entry.phase = Phase::kPlanning;
    return plan(entry);
  }
  return ended(entry, followed, rebooted);
}

Following Installer::limitsOf(const JournalEntry& entry) const {
  Following how{.soft_at = entry.begun_monotonic + limits_.soft_ns,
                .hard_at = entry.begun_monotonic + limits_.hard_ns,
                .tell = entry.order.command_id};
  if (!isDownload(entry.order)) return how;
  const std::int64_t expires_at = clock_.monotonicNs() + (entry.order.expires_at - clock_.epochNs());
  how.soft_at = std::min(how.soft_at, expires_at);
  how.hard_at = how.soft_at + kDownloadGraceNs;
  return how;
}

std::optional<Outcome> Installer::ended(JournalEntry& entry, const Followed& followed, bool rebooted) {
  if (isDownload(entry.order)) return downloadOutcome(followed);
  if (followed.report.done()) return outcomeOf(followed.report, entry.needs_reboot);
  if (!followed.report.loaded() && !rebooted) {
    return failed("install.host", "the updater's host ended before it began; nothing was changed");
  }
  if (rebooted) {
    entry.outcome = failed("install.rebooted", "the machine was restarted in the middle of the install");
  } else if (followed.killed) {
    entry.outcome = failed("install.killed", "the install did not end in its time and was killed");
  } else {
    entry.outcome = failed("install.crashed", "the updater ended in the middle of the install");
  }
  return mend(entry);
}

}  // namespace redflag::kernel
