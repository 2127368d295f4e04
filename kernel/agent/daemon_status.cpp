#include "agent/daemon.h"
#include "base/time.h"
#include "platform/machine.h"
#include "supervisor/plugin_catalog.h"

namespace redflag::kernel {
namespace {

Json timeOrNull(std::int64_t epoch_ns) {
  return epoch_ns == 0 ? Json() : Json(toRfc3339(epoch_ns));
}

// Those of its last run, where it had one: what really stood.
Json wallsJson(bool own_user, const std::optional<LastScan>& last = std::nullopt) {
  Json out = Json::object();
  for (const auto& wall : walls(own_user))
    out[wall.name] = wall.standing;
  if (last) {
    for (const auto& [name, standing] : last->walls)
      out[name] = standing;
  }
  return out;
}

Json breakerJson(const BreakerState& state) {
  return {{"state", breakerPhaseName(state.phase)},
          {"since", timeOrNull(state.since)},
          {"open_until", state.phase == BreakerPhase::kOpen ? timeOrNull(state.open_until) : Json()},
          {"failures", state.failures},
          {"class", state.run_class},
          {"code", state.code},
          {"text", state.text}};
}

Json scanJson(const std::optional<LastScan>& scan) {
  if (!scan) return nullptr;
  return {{"at", toRfc3339(scan->at)},
          {"status", scan->status},
          {"complete", scan->complete},
          {"records", scan->records},
          {"duration_ms", scan->duration_ns / kMillisecondNs},
          {"code", scan->code},
          {"text", scan->text}};
}

}  // namespace

Json Daemon::pluginsStatus() const {
  Json out = Json::array();
  for (const auto& plugin : scans_->plugins()) {
    out.push_back({{"id", plugin.id},
                   {"version", plugin.version},
                   {"name", plugin.name},
                   {"interfaces", plugin.interfaces},
                   {"state", plugin.state},
                   {"text", plugin.text},
                   {"walls", wallsJson(brokered(), plugin.last_scan)},
                   {"breaker", breakerJson(plugin.breaker)},
                   {"last_scan", scanJson(plugin.last_scan)},
                   {"last_run_at", timeOrNull(scheduler_->lastRun(plugin.id))},
                   {"next_scan_at", timeOrNull(scheduler_->nextAt(plugin.id))}});
  }
  return out;
}

// Every enabled plugin has been scanned, and at some time since then nothing was left to send.
bool Daemon::firstScanAcknowledged() const {
  if (acknowledged_) return true;
  const auto config = config_->current();
  for (const auto& plugin : config->plugins) {
    if (scheduler_->lastRun(plugin.id) == 0) return false;
  }
  acknowledged_ = !config->plugins.empty() && spool_->count() == 0;
  return acknowledged_;
}

Json Daemon::status() const {
  // First: who is shown a new configuration's plugins is not told that it is bad.
  Json plugins = pluginsStatus();
  const auto config = config_->current();
  const std::string invalid = config_->invalidText();
  std::shared_ptr<Link> link;
  {
    const std::lock_guard lock(link_mutex_);
    link = link_;
  }
  return {
      {"version", REDFLAG_VERSION},
      {"started_at", toRfc3339(started_at_)},
      {"mode", config->mode == Mode::kAct ? "act" : "report"},
      {"isolation", isolationName(brokered())},
      {"walls", wallsJson(brokered())},
      {"boot_id", platform::bootId()},
      {"config",
       {{"file", config->file.string()}, {"state", invalid.empty() ? "ok" : "invalid"}, {"text", invalid}}},
      {"link", link ? link->status() : Json()},
      {"spool",
       {{"items", spool_->count()},
        {"bytes", spool_->bytes()},
        {"max_bytes", config->spool_max_bytes},
        {"full", spool_->full()}}},
      {"first_scan_acknowledged", firstScanAcknowledged()},
      {"plugins", std::move(plugins)}};
}

}  // namespace redflag::kernel
