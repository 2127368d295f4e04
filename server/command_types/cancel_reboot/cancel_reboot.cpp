// Takes back a restart that has been ordered and has not happened yet.

#include "plugin_action.h"

namespace redflag::command_types {
namespace {

class CancelReboot final : public PluginAction {
 public:
  explicit CancelReboot(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "cancel_reboot"},
        {"title", "Take a restart back"},
        {"description",
         "Takes back a restart that waits for its delay. The order that waits for it counts as cancelled "
         "then."},
        {"permission", "approver"},
        {"risk", "low"},
        {"needs_approval", false},
        {"timeout_s", 300},
        {"valid_s", 3'600},
        {"max_attempts", 3},
        {"idempotency_fields", Json::array()},
        {"parameters_schema",
         Json::parse(R"({"type": "object", "additionalProperties": false, "properties": {}})")},
        {"result_schema",
         Json::parse(
             R"({"type": "object", "properties": {"reboot_cancelled": {"type": "boolean", "title": "Taken back"}}})")},
        {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    return changing(agent, "system", "cancel_reboot", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "cancel_reboot", .version = REDFLAG_VERSION, .name = "Take a restart back", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::CancelReboot, redflag::command_types::kDeclaration)
