#include "executor/action_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/settings.h"
#include "executor/log.h"
#include "executor/still_valid.h"
#include "host/actions.h"
#include "host/frame.h"
#include "policy/window.h"
#include "protocol/limits.h"
#include "redflag/draft/actions.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;

constexpr const char* kList = "list";
constexpr const char* kRun = "run";
constexpr const char* kBootId = "boot_id";
constexpr std::int64_t kListTimeNs = 10 * kSecondNs;
constexpr std::int64_t kStopGraceNs = 60 * kSecondNs;
constexpr std::int64_t kRetryUpdateNs = 2 * kSecondNs;

Outcome actionRefused(std::string code, std::string text) {
  return {"refused", std::move(code), std::move(text), Json::array()};
}
Outcome actionFailed(std::string code, std::string text) {
  return {"failed", std::move(code), std::move(text), Json::array()};
}

// Unsealed only where root granted just that.
host::Seal sealOfAction(const PluginSetup& setup) {
  const auto& granted = setup.capabilities;
  return std::find(granted.begin(), granted.end(), "root") != granted.end() ? host::Seal::kNone : setup.seal;
}

// The boot that the action was begun in.
std::string bootOf(const JournalEntry& entry, const std::string& fallback) {
  const Json& noted = entry.outcome.results;
  return noted.empty() || !noted.front().is_object() ? fallback : noted.front().value(kBootId, fallback);
}

}  // namespace

std::optional<Outcome> ActionRun::run(JournalEntry& entry) {
  if (entry.phase == Phase::kInstalling) return resume(entry);
  return prepare(entry);
}

std::optional<Outcome> ActionRun::prepare(JournalEntry& entry) {
  if (const auto ok = stillValid(entry, clock_, boot_.boot_id); !ok)
    return actionRefused(ok.error().code, ok.error().text);
  const auto rules = rules_.read();
  if (!rules) return actionRefused(refusal::kPolicy, rules.error().text);
  if (!(*rules)->act()) return actionRefused(refusal::kModeReport, "this machine is in report mode");
  const auto setup = (*rules)->plugin(entry.order.plugin, RF_ACTIONS_1);
  if (!setup) return actionRefused(refusal::kUnknownAction, setup.error().text);
  if (auto ok = hosts_.makeFolder(entry.order.command_id); !ok)
    return actionFailed("action.host", ok.error().text);
  auto run = hosts_.startSealed(entry, *setup, {RF_ACTIONS_1, kList, Json::object(), kListTimeNs});
  if (!run) return actionFailed("action.host", run.error().text);
  const std::int64_t until = clock_.monotonicNs() + kListTimeNs;
  const Followed followed = hosts_.follow(*run, {.soft_at = until, .hard_at = until + kStopGraceNs});
  if (followed.stopped) return std::nullopt;
  const HostReport& report = followed.report;
  const auto list = parseJson(report.result(), {.bytes = 1U << 20, .depth = 32, .values = 100'000});
  if (report.status() != "ok" || !list)
    return actionFailed("action.no_list", report.text("the plugin does not say what it can do"));
  return judge(entry, **rules, *setup, *list);
}

std::optional<Outcome> ActionRun::judge(JournalEntry& entry, const Rules& rules, const PluginSetup& setup,
                                        const Json& list) {
  const auto action = host::findAction(list, entry.order.action);
  if (!action) return actionRefused(refusal::kUnknownAction, action.error().text);
  const std::string name = entry.order.plugin + "/" + entry.order.action;
  if (!action->changesTheMachine())
    return actionRefused(refusal::kUnknownAction, name + " changes nothing: it is not the executor's");
  auto parameters = parseJson(entry.order.parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!parameters) return actionRefused(refusal::kMalformed, parameters.error().text);
  if (auto ok = checkParameters(action->parameters_schema, *parameters); !ok)
    return actionRefused(refusal::kMalformed, ok.error().text);
  const auto decision = decide(rules.policy(), {name, {}}, localMinute(clock_.epochNs()));
  if (!decision.allowed) return actionRefused(refusal::kPolicy, decision.reason);
  logLine("info", fmt::format("{}: {}: {}", entry.order.command_id, name, decision.reason));
  return begin(entry, setup, std::move(*parameters));
}

std::optional<Outcome> ActionRun::begin(JournalEntry& entry, const PluginSetup& setup, Json parameters) {
  const HostCall call{
      RF_ACTIONS_1, kRun, {{"action", entry.order.action}, {"parameters", std::move(parameters)}}, limit_ns_};
  // The machine may go down before anybody reads what the action wrote.
  entry.outcome.results = Json::array({{{kBootId, boot_.boot_id}}});
  auto run = hosts_.startPrivileged(entry, Phase::kInstalling, setup, call, sealOfAction(setup));
  if (!run) return actionFailed("action.host", run.error().text);
  return follow(entry, *run, false);
}

std::optional<Outcome> ActionRun::resume(JournalEntry& entry) {
  const HostPlace place = hosts_.placeOf(entry, kRun);
  if (entry.host.pid == 0) {  // it was never told to begin: nothing has changed yet
    HostRun::dismissWaiting(place);
    entry.phase = Phase::kPlanning;
    return prepare(entry);
  }
  auto run = HostRun::attach(place, entry.host);
  if (!run) {
    killTree(entry.host);
    return actionFailed("action.lost", "the action's own record is gone: " + run.error().text);
  }
  logLine("info", fmt::format("{}: taking up the action again", entry.order.command_id));
  return follow(entry, *run, true);
}

// The executor before us died between starting the host and telling it what to do.
std::optional<Outcome> ActionRun::beginAgain(JournalEntry& entry) {
  logLine("info", fmt::format("{}: its host was never told to begin", entry.order.command_id));
  entry.phase = Phase::kPlanning;
  return prepare(entry);
}

std::optional<Outcome> ActionRun::follow(JournalEntry& entry, HostRun& run, bool attached) {
  const Followed followed = hosts_.follow(run, {.soft_at = entry.begun_monotonic + limit_ns_,
                                                .hard_at = entry.begun_monotonic + limit_ns_ + kStopGraceNs,
                                                .tell = entry.order.command_id,
                                                .attached = attached});
  if (followed.stopped) return std::nullopt;
  // What the host wrote last may not have reached the disk before a restart of the machine: nothing written
  // says nothing.
  const bool rebooted = attached && !isOfThisBoot(entry.host);
  if (attached && !rebooted && !followed.report.told()) return beginAgain(entry);
  if (followed.report.done()) return conclude(entry, followed.report);
  if (followed.killed)
    return actionFailed("action.killed", "the action did not end in its time and was killed");
  if (rebooted)
    return actionFailed("action.crashed", "the machine was restarted in the middle of the action");
  if (!followed.report.loaded())
    return actionFailed("action.host", "the plugin's host ended before it began; nothing was changed");
  return actionFailed("action.crashed", "the plugin ended in the middle of the action");
}

std::optional<Outcome> ActionRun::conclude(JournalEntry& entry, const HostReport& report) {
  const auto result = parseJson(
      report.result(), {.bytes = host::kMaxResultBytes, .depth = 16, .values = protocol::kMaxResultValues});
  const bool written = result && result->is_object();
  if (report.status() != "ok") {
    Outcome out = actionFailed(report.code("action." + report.status()),
                               report.text("the action ended with the status " + report.status()));
    if (written) out.results = Json::array({*result});
    return out;
  }
  if (report.code("") == host::kResultTooLong)
    return Outcome{"succeeded", host::kResultTooLong, report.text(""), Json::array()};
  if (!written) return actionFailed("action.no_result", "the plugin said it was done, but not what it did");
  const auto reboot = rebootPromise(*result);
  if (!reboot) return actionFailed("action.bad_result", reboot.error().text);
  if (!*reboot) return Outcome{"succeeded", "", "", Json::array({*result})};
  awaitReboot(entry, *result, **reboot, bootOf(entry, boot_.boot_id), clock_.monotonicNs());
  // Until it is on disk what is there says that the action runs, and its host's own record is read again.
  for (auto ok = journal_.update(entry); !ok; ok = journal_.update(entry)) {
    logLine("error", "journal: " + ok.error().text);
    if (!hosts_.pauseFor(kRetryUpdateNs)) break;
  }
  return std::nullopt;
}

}  // namespace redflag::kernel
