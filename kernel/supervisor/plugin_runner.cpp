#include "supervisor/plugin_runner.h"

#include <algorithm>

#include "base/log.h"
#include "supervisor/plugin_state.h"

namespace redflag::kernel {
namespace {

RunRequest requestFor(const ReadyPlugin& plugin, const std::atomic<bool>* cancelled) {
  RunRequest request;
  request.manifest = plugin.manifest;
  request.settings = plugin.settings;
  request.capabilities = plugin.capabilities;
  request.seal = plugin.seal;
  request.limits = plugin.config.limits;
  request.cancelled = cancelled;
  return request;
}

}  // namespace

RunOutcome PluginRunner::scan(const ReadyPlugin& plugin, const std::string& purpose,
                              const std::string& command_id, const std::atomic<bool>* cancelled) const {
  RunRequest request = requestFor(plugin, cancelled);
  request.interface_id = kScannerInterface;
  request.operation = "scan";
  request.purpose = purpose;
  request.command_id = command_id;
  if (purpose != "verify") request.state = loadPluginState(state_folder_, plugin.manifest.id);
  RunOutcome outcome = supervisor_.run(request);
  if (outcome.state.empty()) return outcome;
  if (auto saved = savePluginState(state_folder_, plugin.manifest.id, outcome.state); !saved) {
    spdlog::warn("{}: what it wanted to keep is lost: {}", plugin.manifest.id, saved.error().text);
  }
  return outcome;
}

RunOutcome PluginRunner::operate(const ReadyPlugin& plugin, const PluginCall& call,
                                 const std::atomic<bool>* cancelled) const {
  RunRequest request = requestFor(plugin, cancelled);
  request.interface_id = call.interface_id;
  request.operation = call.operation;
  request.request = call.request;
  request.command_id = call.command_id;
  if (call.time_ns > 0) request.limits.time_ns = std::min(request.limits.time_ns, call.time_ns);
  return supervisor_.run(request);
}

}  // namespace redflag::kernel
