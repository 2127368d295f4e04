// Settings for an agent, as far as its own owner lets the server set any.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class Configure final : public BatchedType {
 public:
  explicit Configure(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "configure"},
        {"title", "Configure the agent"},
        {"description",
         "Sets what policy.server_may_set in the agent.yaml of the machine leaves to the server. What "
         "agent.yaml says itself counts."},
        {"permission", "admin"},
        {"risk", "low"},
        {"needs_approval", false},
        {"timeout_s", 900},
        {"valid_s", 86'400},
        {"max_attempts", 3},
        {"idempotency_fields", {"settings"}},
        {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["settings"], "properties": {
        "settings": {"type": "object", "title": "Settings", "minProperties": 1,
                     "description": "As in agent.yaml, but as JSON: {\"schedule\": {\"every\": \"2h\"}}. null takes one back."}}})")},
        {"result_schema",
         Json::parse(
             R"({"type": "object", "properties": {"settings": {"type": "array", "title": "Settings", "items": {
      "type": "object", "properties": {
        "key": {"title": "Key"}, "in_force": {"title": "In force"}, "text": {"title": "Why not"}}}}}})")},
        {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json&) const override {
    return oneAction("kernel", "configure", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "configure", .version = REDFLAG_VERSION, .name = "Configure the agent", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::Configure, redflag::command_types::kDeclaration)
