// Fetches the lists of what is offered anew; the machine then scans by itself.

#include "plugin_action.h"

namespace redflag::command_types {
namespace {

class Refresh final : public PluginAction {
 public:
  explicit Refresh(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "refresh"},
            {"title", "Refresh package lists"},
            {"description",
             "Fetches the package lists anew, as the package manager itself would. The machine then scans by "
             "itself."},
            {"permission", "technician"},
            {"risk", "low"},
            {"needs_approval", false},
            {"timeout_s", 3'600},
            {"valid_s", 86'400},
            {"max_attempts", 3},
            {"idempotency_fields", {"manager"}},
            {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["manager"], "properties": {
        "manager": {"type": "string", "title": "Package manager", "minLength": 1, "maxLength": 128,
                    "default": "apt"}}})")},
            {"result_schema", Json::parse(R"({"type": "object", "properties": {
      "fetched_bytes": {"type": "integer", "title": "Fetched bytes"},
      "sources": {"type": "array", "title": "Sources", "items": {"type": "object", "properties": {
        "source": {"title": "Source"}, "status": {"title": "Status"}, "text": {"title": "What was said"}}}}}})")},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    return changing(agent, parameters.at("manager"), "refresh", Json::object());
  }
};

const rf::Declaration kDeclaration{
    .id = "refresh", .version = REDFLAG_VERSION, .name = "Refresh package lists", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::Refresh, redflag::command_types::kDeclaration)
