#include "link/kernel_actions.h"

#include "base/encoding.h"
#include "protocol/limits.h"
#include "protocol/plan_hash.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxPlugins = 64;
constexpr std::size_t kMaxUpdates = 20'000;
constexpr std::size_t kMaxName = 512;

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

RunBy runBy(const protocol::Action& action) {
  if (action.plugin == "kernel") {
    return action.action == "scan" || action.action == "cancel" ? RunBy::kKernel : RunBy::kNobody;
  }
  if (action.action == "plan") return RunBy::kKernel;
  return action.action == "install" ? RunBy::kExecutor : RunBy::kNobody;
}

bool isCancel(const protocol::Action& action) {
  return action.plugin == "kernel" && action.action == "cancel";
}

Result<Json> KernelActions::run(const protocol::Action& action, const std::string& command_id) {
  const auto parameters = parseJson(action.parameters, {.bytes = protocol::kMaxParametersBytes});
  if (!parameters) return tl::unexpected<Error>(parameters.error());
  if (isCancel(action)) return cancel(*parameters);
  if (action.plugin == "kernel" && action.action == "scan") return scan(*parameters, command_id);
  if (action.action == "plan") return plan(action.plugin, *parameters);
  return fail(Code::kUnsupported, action.plugin + "/" + action.action + " is not the kernel's");
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

Result<Json> KernelActions::plan(const std::string& plugin, const Json& parameters) {
  JsonReader in(parameters, plugin + "/plan");
  const Json& list = in.array("updates", kMaxUpdates);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  auto updates = readUpdates(list);
  if (!updates) return tl::unexpected<Error>(updates.error());
  auto plan = scanner_.runUpdater(plugin, "plan", {{"updates", std::move(*updates)}});
  if (!plan) return plan;
  const auto steps = protocol::planSteps(*plan);
  if (!steps) return tl::unexpected<Error>(steps.error());
  return Json{{"plan", std::move(*plan)}, {"plan_hash", toHex(protocol::planHash(*steps))}};
}

Result<Json> KernelActions::cancel(const Json& parameters) {
  JsonReader in(parameters, "kernel/cancel");
  const std::string command_id = in.text("command_id", protocol::kMaxIdBytes);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return Json{{"cancelled", cancel_(command_id)}};
}

}  // namespace redflag::kernel
