#include <algorithm>

#include "base/time.h"
#include "config/report.h"
#include "config/settings.h"
#include "platform/machine.h"
#include "schedule/scan_service.h"

namespace redflag::kernel {
namespace {

// Found out by running: its libraries or what it looks at are not there.
bool foundNotApplicable(const std::optional<LastScan>& last) {
  return last && last->status == "not_applicable";
}

Json pluginJson(const PluginStatus& plugin) {
  return {{"id", plugin.id},
          {"version", plugin.version},
          {"name", plugin.name},
          {"interfaces", plugin.interfaces},
          {"state", plugin.state},
          {"text", plugin.text},
          {"breaker", breakerPhaseName(plugin.breaker.phase)}};
}

}  // namespace

// Checking a plugin means hashing its library; for being shown it is enough that its files did not change.
PluginStatus ScanService::describe(const std::shared_ptr<const Config>& config,
                                   const PluginConfig& plugin) const {
  const Description now{config,
                        platform::fileStamp(parts_.place.folder / (plugin.id + ".json")),
                        platform::fileStamp(parts_.place.folder / (plugin.id + ".so")),
                        {}};
  {
    const std::lock_guard lock(mutex_);
    const auto known = described_.find(plugin.id);
    if (known != described_.end() && known->second.sameInputs(now)) return known->second.status;
  }
  Description made = now;
  made.status.id = plugin.id;
  const auto ready = preparePlugin(*config, plugin, parts_.place);
  if (ready) {
    made.status.version = ready->manifest.version;
    made.status.name = ready->manifest.name;
    made.status.interfaces = ready->manifest.interfaces;
    const auto& kinds = ready->manifest.record_kinds;
    made.status.measures = std::find(kinds.begin(), kinds.end(), "metric/1") != kinds.end();
    made.status.tells_services = std::find(kinds.begin(), kinds.end(), "service/1") != kinds.end();
    made.status.state = "ok";
  } else {
    made.status.state = ready.error().status == "not_applicable" ? "not_applicable" : "refused";
    made.status.text = ready.error().text;
  }
  const std::lock_guard lock(mutex_);
  return (described_[plugin.id] = made).status;
}

Result<> ScanService::checkSettings(const Config& config) const {
  for (const auto& plugin : config.plugins) {
    const auto manifest = host::loadManifest(parts_.place.folder, plugin.id);
    if (!manifest) continue;  // not installed: nothing to hold them against
    if (auto ok = effectiveSettings(config, plugin, manifest->config_schema); !ok)
      return tl::unexpected<Error>(ok.error());
  }
  return {};
}

std::vector<PluginStatus> ScanService::plugins() const {
  const auto config = parts_.config.current();
  std::vector<PluginStatus> out;
  for (const auto& enabled : config->plugins) {
    PluginStatus status = describe(config, enabled);
    if (const auto breaker = parts_.breakers.state({enabled.id, status.version, kScannerInterface})) {
      status.breaker = *breaker;
    }
    const std::lock_guard lock(mutex_);
    if (const auto last = last_.find(enabled.id); last != last_.end()) status.last_scan = last->second;
    if (status.state == "ok" && foundNotApplicable(status.last_scan)) {
      status.state = "not_applicable";
      status.text = status.last_scan->text;
    }
    out.push_back(std::move(status));
  }
  return out;
}

// Asked for often, and made anew only when it may have changed.
Json ScanService::settings(const std::shared_ptr<const Config>& config) const {
  std::vector<platform::FileStamp> manifests;
  for (const auto& plugin : config->plugins)
    manifests.push_back(platform::fileStamp(parts_.place.folder / (plugin.id + ".json")));
  {
    const std::lock_guard lock(mutex_);
    if (told_.config == config && told_.manifests == manifests) return told_.report;
  }
  std::map<std::string, Json> schemas;
  for (const auto& plugin : config->plugins) {
    if (const auto manifest = host::loadManifest(parts_.place.folder, plugin.id))
      schemas[plugin.id] = manifest->config_schema;
  }
  Json report = settingsReport(*config, schemas);
  const std::lock_guard lock(mutex_);
  told_ = {config, std::move(manifests), report};
  return report;
}

Json ScanService::status() const {
  // First: the rest may be newer, but never older.
  Json list = Json::array();
  for (const auto& plugin : plugins())
    list.push_back(pluginJson(plugin));
  const auto config = parts_.config.current();
  const auto machine = platform::machineFacts();
  const std::string invalid = parts_.config.invalidText();
  return {{"hostname", machine.hostname},
          {"agent_version", REDFLAG_VERSION},
          {"mode", config->mode == Mode::kAct ? "act" : "report"},
          {"isolation", isolationName(parts_.place.own_user)},
          {"boot_id", boot_id_},
          {"os_name", machine.os_name},
          {"os_version", machine.os_version},
          {"kernel", machine.kernel},
          {"plugins", std::move(list)},
          {"config", {{"state", invalid.empty() ? "ok" : "invalid"}, {"text", invalid}}},
          {"settings", settings(config)}};
}

std::string breakerItem(const BreakerTransition& transition, const std::string& id) {
  const BreakerState& state = transition.state;
  Json item = {{"kind", "breaker"},
               {"id", id},
               {"at", toRfc3339(transition.at)},
               {"plugin", transition.key.plugin},
               {"plugin_version", transition.key.version},
               {"interface", transition.key.interface},
               {"from", breakerPhaseName(transition.from)},
               {"to", breakerPhaseName(state.phase)},
               {"class", state.run_class},
               {"code", state.code},
               {"text", state.text}};
  if (state.phase == BreakerPhase::kOpen) item["open_until"] = toRfc3339(state.open_until);
  return dumpJson(item);
}

}  // namespace redflag::kernel
