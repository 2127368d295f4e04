#include "link/kernel_actions.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/encoding.h"
#include "host/actions.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxPlugins = 64;
constexpr std::size_t kMaxName = 512;
constexpr std::array<std::string_view, 7> kOwnActions = {"scan",  "cancel", "diagnostics", "configure",
                                                         "rapid", "update", "rotate_keys"};

// What a plugin's plan() wants of an approved row.
Result<Json> readUpdates(const Json& list) {
  Json out = Json::array();
  for (const Json& item : list) {
    JsonReader in(item, "updates[" + std::to_string(out.size()) + "]");
    in.optionalText("key", kMaxName);
    Json update = {{"name", in.text("name", kMaxName)},
                   {"arch", in.text("arch", kMaxName)},
                   {"version", in.text("version", kMaxName)}};
    if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
    out.push_back(std::move(update));
  }
  return out;
}

}  // namespace

Whose whose(const protocol::Action& action, Scanner& scanner) {
  const std::string name = action.plugin + "/" + action.action;
  if (action.plugin == "kernel") {
    const auto own = std::find(kOwnActions.begin(), kOwnActions.end(), action.action);
    if (own != kOwnActions.end()) return {RunBy::kKernel, ""};
    return {RunBy::kNobody, name + " is not known to this agent"};
  }
  if (action.action == "plan") return {RunBy::kKernel, ""};
  if (action.action == "download" || action.action == "install" || action.action == "rollback")
    return {RunBy::kExecutor, ""};
  if (host::isReservedAction(action.action)) return {RunBy::kNobody, name + " is not known to this agent"};
  const auto list = scanner.listActions(action.plugin);
  if (!list) return {RunBy::kNobody, name + " is not known to this agent: " + list.error().text};
  const auto found = host::findAction(*list, action.action);
  if (!found) return {RunBy::kNobody, name + " is not known to this agent: " + found.error().text};
  return {found->changesTheMachine() ? RunBy::kExecutor : RunBy::kKernel, ""};
}

std::string actionsOf(const protocol::Envelope& envelope) {
  std::string out;
  for (const protocol::Action& action : envelope.actions)
    out += (out.empty() ? "" : ",") + action.plugin + "/" + action.action;
  return out;
}

bool isCancel(const protocol::Action& action) {
  return action.plugin == "kernel" && action.action == "cancel";
}

bool isRotateKeys(const protocol::Action& action) {
  return action.plugin == "kernel" && action.action == "rotate_keys";
}

Result<Json> KernelActions::run(const protocol::Action& action, const std::string& command_id) {
  const auto parameters = parseJson(action.parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!parameters) return tl::unexpected<Error>(parameters.error());
  if (isCancel(action)) return cancel(*parameters);
  if (action.plugin == "kernel" && action.action == "scan") return scan(*parameters, command_id);
  if (isRotateKeys(action)) return rotateKeys(*parameters, command_id);
  if (action.plugin == "kernel") return onAgent(action.action, *parameters);
  if (action.action == "plan") return plan(action.plugin, *parameters, command_id);
  return scanner_.runAction(action.plugin, action.action, *parameters, command_id);
}

Result<Json> KernelActions::scan(const Json& parameters, const std::string& command_id) {
  ScanRequest request;
  request.trigger = Trigger::kCommand;
  request.command_id = command_id;
  JsonReader in(parameters, "kernel/scan");
  request.purpose = in.optionalText("purpose", 32, "updates");
  for (const Json& plugin : in.optionalArray("plugins", kMaxPlugins)) {
    if (!plugin.is_string()) {
      in.refuse("plugins", "ids of plugins");
      break;
    }
    request.plugins.push_back(plugin.get<std::string>());
  }
  if (request.purpose != "updates" && request.purpose != "inventory" && request.purpose != "verify") {
    in.refuse("purpose", "updates, inventory or verify");
  }
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  const auto scans = scanner_.scan(request);
  if (!scans) return tl::unexpected<Error>(scans.error());
  return Json{{"scans", *scans}};
}

Result<Json> KernelActions::plan(const std::string& plugin, const Json& parameters,
                                 const std::string& command_id) {
  JsonReader in(parameters, plugin + "/plan");
  const Json& list = in.array("updates", protocol::kMaxOrderedUpdates);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  auto updates = readUpdates(list);
  if (!updates) return tl::unexpected<Error>(updates.error());
  auto plan = scanner_.runUpdater(plugin, "plan", {{"updates", std::move(*updates)}}, command_id);
  if (!plan) return plan;
  const auto steps = protocol::planSteps(*plan);
  if (!steps) return tl::unexpected<Error>(steps.error());
  return Json{{"plan", std::move(*plan)}, {"plan_hash", toHex(protocol::planHash(*steps))}};
}

Result<Json> KernelActions::rotateKeys(const Json& parameters, const std::string& command_id) {
  JsonReader in(parameters, "kernel/rotate_keys");
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  if (!rotate_keys_) return fail(Code::kUnsupported, "there is no server behind this");
  return rotate_keys_(command_id);
}

Result<Json> KernelActions::onAgent(const std::string& action, const Json& parameters) {
  JsonReader in(parameters, "kernel/" + action);
  if (action == "update") {
    in.optionalText("version", kMaxName);
    if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
    return fail(Code::kUnsupported,
                "this agent is not yet able to update itself: its packages are updated by the "
                "machine's own package manager");
  }
  if (agent_ == nullptr) return fail(Code::kUnsupported, "there is no running agent behind this");
  if (action == "diagnostics") {
    const auto lines = in.optionalInteger("log_lines", 0, 1000, 500);
    if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
    return agent_->diagnostics(static_cast<std::size_t>(lines));
  }
  if (action == "rapid") {
    const auto minutes = in.integer("minutes", 0, 60);
    const auto every_s = in.optionalInteger("every_s", 10, 300, 30);
    if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
    return agent_->hurry(minutes, every_s);
  }
  const Json& settings = in.object("settings");
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return agent_->configure(settings);
}

Result<Json> KernelActions::cancel(const Json& parameters) {
  JsonReader in(parameters, "kernel/cancel");
  const std::string command_id = in.text("command_id", protocol::kMaxIdBytes);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return Json{{"cancelled", cancel_(command_id)}};
}

}  // namespace redflag::kernel
