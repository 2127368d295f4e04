// Starts the machine anew. It has succeeded when the machine is back, with the kernel that was expected.

#include "plugin_action.h"

namespace redflag::command_types {
namespace {

class Reboot final : public PluginAction {
 public:
  explicit Reboot(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "reboot"},
            {"title", "Restart the machine"},
            {"description",
             "Warns whoever is signed in there and restarts after the delay. Done when the machine is back, "
             "with the kernel that was installed last."},
            {"permission", "approver"},
            {"risk", "destructive"},
            {"needs_approval", false},
            {"timeout_s", 93'600},
            {"valid_s", 3'600},
            {"max_attempts", 1},
            {"idempotency_fields", {"delay_min", "message"}},
            {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "properties": {
        "delay_min": {"type": "integer", "title": "Delay in minutes", "minimum": 1, "maximum": 1440, "default": 5},
        "message": {"type": "string", "title": "Message", "description": "For whoever is signed in there",
                    "maxLength": 200}}})")},
            {"result_schema", Json::parse(R"({"type": "object", "properties": {
      "delay_min": {"type": "integer", "title": "Delay in minutes"},
      "boot_id": {"type": "string", "title": "Came back as boot"},
      "kernel": {"type": "string", "title": "With the kernel"}}})")},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    return changing(agent, "system", "reboot", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "reboot", .version = REDFLAG_VERSION, .name = "Restart the machine", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::Reboot, redflag::command_types::kDeclaration)
