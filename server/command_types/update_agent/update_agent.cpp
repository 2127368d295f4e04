// Another version of the agent itself. Agents of today answer that they cannot, and by what they are updated.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class UpdateAgent final : public BatchedType {
 public:
  explicit UpdateAgent(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "update_agent"},
            {"title", "Update the agent"},
            {"description", "Asks the agent to update itself. Agents that cannot say so and change nothing."},
            {"permission", "admin"},
            {"risk", "high"},
            {"needs_approval", false},
            {"timeout_s", 900},
            {"valid_s", 86'400},
            {"max_attempts", 3},
            {"idempotency_fields", {"version"}},
            {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "properties": {
        "version": {"type": "string", "title": "Version", "description": "Empty: the newest", "maxLength": 64}}})")},
            {"result_schema", Json::parse(R"({"type": "object"})")},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json&) const override {
    return oneAction("kernel", "update", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "update_agent", .version = REDFLAG_VERSION, .name = "Update the agent", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::UpdateAgent, redflag::command_types::kDeclaration)
