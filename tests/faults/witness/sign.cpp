// The command type whose orders the witness signs. Two orders with one mark are one command.
#include "batched_type.h"

namespace redflag::command_types {
namespace {

class Sign final : public BatchedType {
 public:
  explicit Sign(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "test.sign"},
        {"title", "Sign"},
        {"description", "The witness on the machine signs for this order."},
        {"permission", "technician"},
        {"risk", "low"},
        {"needs_approval", false},
        {"timeout_s", 3'600},
        {"valid_s", 3'600},
        {"max_attempts", 3},
        {"idempotency_fields", {"mark"}},
        {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["mark", "work_ms"], "properties": {
        "mark": {"type": "string", "title": "Mark", "maxLength": 40},
        "work_ms": {"type": "integer", "title": "How long it takes", "minimum": 0, "maximum": 10000}}})")},
        {"result_schema",
         Json::parse(R"({"type": "object", "properties": {"mark": {"type": "string", "title": "Mark"}}})")},
        {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    if (!has(agent, "test.witness")) return refused("test.no_witness", "there is no witness");
    return oneAction("test.witness", "sign", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "test.sign", .version = REDFLAG_VERSION, .name = "Sign", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::Sign, redflag::command_types::kDeclaration)
