// Restarts services by the machine's own service manager.

#include "plugin_action.h"

namespace redflag::command_types {
namespace {

class RestartServices final : public PluginAction {
 public:
  explicit RestartServices(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "restart_services"},
        {"title", "Restart services"},
        {"description", "Restarts the named services one after the other and says what became of each."},
        {"permission", "approver"},
        {"risk", "high"},
        {"needs_approval", false},
        {"timeout_s", 3'600},
        {"valid_s", 3'600},
        {"max_attempts", 3},
        {"idempotency_fields", {"services"}},
        {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["services"], "properties": {
        "services": {"type": "array", "title": "Services", "description": "As nginx.service", "minItems": 1,
                     "maxItems": 32, "uniqueItems": true,
                     "items": {"type": "string", "maxLength": 200,
                               "pattern": "^[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*\\.service$"}}}})")},
        {"result_schema",
         Json::parse(
             R"({"type": "object", "properties": {"services": {"type": "array", "title": "Services", "items": {
      "type": "object", "properties": {
        "name": {"title": "Service"}, "restarted": {"title": "Restarted"}, "state": {"title": "State"},
        "text": {"title": "What was said"}}}}}})")},
        {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    return changing(agent, "system", "restart_services", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "restart_services", .version = REDFLAG_VERSION, .name = "Restart services", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::RestartServices, redflag::command_types::kDeclaration)
