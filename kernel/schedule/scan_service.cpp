#include "schedule/scan_service.h"

#include <algorithm>
#include <future>

#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "config/settings.h"
#include "host/actions.h"
#include "platform/machine.h"
#include "schedule/installed_now.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kListTimeNs = 10 * kSecondNs;

const char* triggerName(Trigger trigger) {
  switch (trigger) {
    case Trigger::kSchedule:
      return "schedule";
    case Trigger::kManual:
      return "manual";
    case Trigger::kCommand:
      return "command";
    case Trigger::kVerify:
      return "verify";
  }
  return "manual";
}

// A scan that was not run.
RunOutcome notRun(std::string status, std::string report_status, std::string code, std::string text) {
  RunOutcome outcome;
  outcome.status = std::move(status);
  outcome.run_class = RunClass::kNeutral;
  outcome.scopes = {{"", report_status}};
  outcome.reports = {{std::move(report_status), std::move(code), std::move(text)}};
  outcome.started_at = epochNow();
  return outcome;
}

RunOutcome breakerOpen(const BreakerState& state) {
  std::string text = "not run, because it failed before";
  if (state.phase == BreakerPhase::kOpen) text += " and rests until " + toRfc3339(state.open_until);
  if (!state.text.empty()) text += ": " + state.text;
  return notRun("breaker_open", "transient", "breaker.open", text);
}

// Of a scan in which sources failed and others answered the status alone says nothing.
void logScan(const ScanReport& report) {
  const RunOutcome& outcome = report.outcome;
  const bool whole = outcome.status == "ok" && outcome.complete;
  spdlog::log(whole ? spdlog::level::info : spdlog::level::warn, "{}: scan {}{}, {} records{}", report.plugin,
              outcome.status, outcome.status == "ok" && !whole ? ", incomplete" : "", outcome.records.size(),
              whole ? "" : "; " + outcome.end().text);
}

Code codeOf(const std::string& status) {
  if (status == "transient") return Code::kUnavailable;
  if (status == "cancelled") return Code::kCancelled;
  if (status == "denied") return Code::kDenied;
  if (status == "limit") return Code::kLimit;
  if (status == "unsupported" || status == "not_applicable") return Code::kUnsupported;
  if (status == "permanent") return Code::kConflict;
  if (status == "invalid" || status == "misconfigured") return Code::kInvalid;
  return Code::kInternal;
}

Error errorOf(const RunOutcome& outcome) {
  const RunEnd end = outcome.end();
  return {codeOf(outcome.status), end.code + (end.text.empty() ? "" : ": " + end.text)};
}

}  // namespace

BreakerRules rulesOf(const BreakerConfig& config) {
  return {config.failures, config.window_failures, config.window_ns,
          config.open_ns,  config.open_max_ns,     config.successes};
}

ScanService::ScanService(Parts parts) : parts_(std::move(parts)), boot_id_(platform::bootId()) {}

Result<std::vector<std::string>> ScanService::scan(const ScanRequest& request) {
  auto reports = scanAll(request);
  if (!reports) return tl::unexpected<Error>(reports.error());
  std::vector<std::string> ids;
  for (const auto& report : *reports)
    ids.push_back(report.id);
  return ids;
}

Result<std::vector<ScanReport>> ScanService::scanAll(const ScanRequest& request) {
  const auto config = parts_.config.current();
  const auto plugins = pluginsOf(request, *config);
  if (!plugins) return tl::unexpected<Error>(plugins.error());
  using Ended = std::pair<std::optional<ScanReport>, Result<>>;
  std::vector<std::future<Ended>> running;
  for (const auto& plugin : *plugins) {
    // Side by side; where the machine has no room for another thread, one after the other.
    running.push_back(std::async([&, plugin] {
      Ended ended{scanOne(*config, plugin, request), {}};
      // Cut off by our own end: nothing anybody needs to hear of.
      if (!stopping_ && ended.first) ended.second = spool(*ended.first, request.trigger);
      return ended;
    }));
  }
  std::vector<ScanReport> reports;
  Result<> spooled;
  for (auto& run : running) {
    auto [report, put] = run.get();
    if (report) reports.push_back(std::move(*report));
    if (!put && spooled) spooled = put;
  }
  if (on_status_change_) on_status_change_();
  if (stopping_) return fail(Code::kCancelled, "the agent is stopping");
  if (!spooled) return tl::unexpected<Error>(spooled.error());
  return reports;
}

Result<std::vector<std::string>> ScanService::pluginsOf(const ScanRequest& request,
                                                        const Config& config) const {
  for (const auto& id : request.plugins) {
    if (config.plugin(id) == nullptr)
      return fail(Code::kInvalid, "the plugin \"" + id + "\" is not enabled here");
  }
  if (!request.plugins.empty())
    return request.trigger == Trigger::kVerify ? withThoseOfServices(request.plugins) : request.plugins;
  std::vector<std::string> all;
  for (const auto& plugin : config.plugins)
    all.push_back(plugin.id);
  return all;
}

std::vector<std::string> ScanService::withThoseOfServices(std::vector<std::string> ids) const {
  for (const auto& plugin : plugins())
    if (plugin.tells_services && plugin.state == "ok" &&
        std::find(ids.begin(), ids.end(), plugin.id) == ids.end())
      ids.push_back(plugin.id);
  return ids;
}

std::optional<ScanReport> ScanService::scanOne(const Config& config, const std::string& id,
                                               const ScanRequest& request) {
  ScanReport report{newId(),  id, "", request.purpose, triggerName(request.trigger), request.command_id,
                    boot_id_, {}};
  const RunPass pass(gate_, id, config.max_parallel);
  if (!pass.inside()) {
    report.outcome = notRun("cancelled", "cancelled", "run.cancelled", "the agent is stopping");
    return report;
  }
  const auto plugin = preparePlugin(config, *config.plugin(id), parts_.place);
  if (plugin && !plugin->manifest.offers(kScannerInterface)) return std::nullopt;
  if (plugin) {
    report.plugin_version = plugin->manifest.version;
    report.purpose = purposeFor(plugin->manifest, request.purpose);
    report.outcome = runUnderBreaker(*plugin, request, report.purpose);
    addInstalled(config, *plugin, request, report.outcome);
  } else {
    report.outcome =
        notRun(plugin.error().status, plugin.error().status, plugin.error().code, plugin.error().text);
  }
  logScan(report);
  remember(report);
  return report;
}

RunOutcome ScanService::runUnderBreaker(const ReadyPlugin& plugin, const ScanRequest& request,
                                        const std::string& purpose) {
  const BreakerKey key{plugin.manifest.id, plugin.manifest.version, kScannerInterface};
  const BreakerRules rules = rulesOf(plugin.config.breaker);
  // Only the schedule waits for the end of the rest: people, orders and the proof of an install are the
  // probe.
  BreakerState state;
  const auto admitted = parts_.breakers.admit(key, rules, request.trigger != Trigger::kSchedule, &state);
  if (!admitted) return notRun("transient", "transient", "breaker.unavailable", admitted.error().text);
  if (!*admitted) return breakerOpen(state);
  RunOutcome outcome = parts_.runner.scan(plugin, purpose, request.command_id, &stopping_);
  if (auto finished = parts_.breakers.finish(key, rules, outcome.end()); !finished) {
    spdlog::error("scans: breaker.not_kept: {}: the breaker could not be updated: {}", key.plugin,
                  finished.error().text);
  }
  return outcome;
}

// Without the manager's word the scan proves as much as before.
void ScanService::addInstalled(const Config& config, const ReadyPlugin& plugin, const ScanRequest& request,
                               RunOutcome& outcome) {
  if (request.ordered.empty() || !plugin.manifest.offers(kUpdaterInterface)) return;
  const auto scope = std::find_if(outcome.scopes.begin(), outcome.scopes.end(),
                                  [](const ScopeOutcome& one) { return one.status == "ok"; });
  if (outcome.status != "ok" || scope == outcome.scopes.end()) return;
  const std::string& id = plugin.manifest.id;
  const auto told = operate(
      config, id, {kUpdaterInterface, "verify", verifyRequest(request.ordered), 0, request.command_id});
  if (!told) return spdlog::warn("{}: does not say what is installed now: {}", id, told.error().text);
  for (auto& record : installedRecords(id, scope->key, request.ordered, *told))
    outcome.records.push_back(std::move(record));
}

Result<> ScanService::spool(ScanReport& report, Trigger trigger) {
  SpoolItem item;
  item.id = report.id;
  item.kind = "scan";
  item.subject = report.plugin + "/" + report.purpose;
  item.complete = report.outcome.complete;
  // An order's answer names its scans: each of them has to arrive.
  item.keep = trigger == Trigger::kCommand ? Keep::kAlways : Keep::kNewestScan;
  item.body = scanItem(report);
  report.outcome.records = {};  // tens of megabytes, if a plugin uses up its limit
  auto put = parts_.spool.put(item);
  if (!put)
    spdlog::error("scans: scan.not_kept: {}: the scan could not be kept: {}", report.plugin,
                  put.error().text);
  return put;
}

void ScanService::remember(const ScanReport& report) {
  const RunOutcome& outcome = report.outcome;
  if (outcome.status == "breaker_open" || outcome.status == "cancelled") return;
  const RunEnd end = outcome.end();
  const std::lock_guard lock(mutex_);
  last_[report.plugin] = {outcome.started_at + outcome.duration_ns,
                          outcome.duration_ns,
                          outcome.status,
                          outcome.complete,
                          outcome.records.size(),
                          outcome.walls,
                          end.code,
                          end.text};
}

Result<Json> ScanService::runUpdater(const std::string& id, const std::string& operation, const Json& request,
                                     const std::string& command_id) {
  if (operation != "plan" && operation != "verify") {
    return fail(Code::kDenied, "the kernel only plans and verifies; " + operation + " is the executor's");
  }
  const auto config = parts_.config.current();
  const RunPass pass(gate_, id, config->max_parallel);
  if (!pass.inside()) return fail(Code::kCancelled, "the agent is stopping");
  return operate(*config, id, {kUpdaterInterface, operation, request, 0, command_id});
}

// Without a place in the gate: asked while an order is taken, it must not wait for the plugin's own scan.
Result<Json> ScanService::listActions(const std::string& id) {
  PluginCall call{kActionsInterface, "list", Json::object()};
  call.time_ns = kListTimeNs;
  return operate(*parts_.config.current(), id, call);
}

Result<Json> ScanService::runAction(const std::string& id, const std::string& name, const Json& parameters,
                                    const std::string& command_id) {
  const auto list = listActions(id);
  if (!list) return list;
  const auto action = host::findAction(*list, name);
  if (!action) return tl::unexpected<Error>(action.error());
  if (action->changesTheMachine()) return fail(Code::kDenied, id + "/" + name + " is the executor's");
  if (auto ok = checkParameters(action->parameters_schema, parameters); !ok)
    return tl::unexpected<Error>(ok.error());
  const auto config = parts_.config.current();
  const RunPass pass(gate_, id, config->max_parallel);
  if (!pass.inside()) return fail(Code::kCancelled, "the agent is stopping");
  return operate(*config, id,
                 {kActionsInterface, "run", {{"action", name}, {"parameters", parameters}}, 0, command_id});
}

Result<Json> ScanService::operate(const Config& config, const std::string& id, const PluginCall& call) {
  const PluginConfig* enabled = config.plugin(id);
  if (enabled == nullptr) return fail(Code::kInvalid, "the plugin \"" + id + "\" is not enabled here");
  const auto plugin = preparePlugin(config, *enabled, parts_.place);
  if (!plugin) return fail(codeOf(plugin.error().status), plugin.error().code + ": " + plugin.error().text);
  if (!plugin->manifest.offers(call.interface_id))
    return fail(Code::kUnsupported, "plugin.unsupported: the plugin does not offer " + call.interface_id);
  const BreakerKey key{id, plugin->manifest.version, call.interface_id};
  const BreakerRules rules = rulesOf(enabled->breaker);
  BreakerState state;
  const auto admitted = parts_.breakers.admit(key, rules, true, &state);
  if (!admitted) return tl::unexpected<Error>(admitted.error());
  if (!*admitted) return tl::unexpected<Error>(errorOf(breakerOpen(state)));
  RunOutcome outcome = parts_.runner.operate(*plugin, call, &stopping_);
  if (auto finished = parts_.breakers.finish(key, rules, outcome.end()); !finished) {
    spdlog::error("scans: breaker.not_kept: {}: the breaker could not be updated: {}", id,
                  finished.error().text);
  }
  if (outcome.status != "ok") return tl::unexpected<Error>(errorOf(outcome));
  if (outcome.result.is_null()) return fail(Code::kInvalid, "plugin.no_result: the plugin wrote no result");
  return std::move(outcome.result);
}

void ScanService::stop() {
  stopping_ = true;
  gate_.close();
}

}  // namespace redflag::kernel
