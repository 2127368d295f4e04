// A new key for an agent, which it makes itself and its old key hands over to.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class RotateKeys final : public BatchedType {
 public:
  explicit RotateKeys(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "rotate_keys"},
            {"title", "Make a new agent key"},
            {"description",
             "The agent makes a new key and hands the old one over to it. The old one opens nothing any more "
             "once the new one was used, and after ten minutes in any case."},
            {"permission", "admin"},
            {"risk", "low"},
            {"needs_approval", false},
            {"timeout_s", 900},
            {"valid_s", 7 * 86'400},
            {"max_attempts", 3},
            {"idempotency_fields", {"agent"}},
            {"parameters_schema",
             Json::parse(R"({"type": "object", "additionalProperties": false, "properties": {}})")},
            {"result_schema", Json::parse(R"({"type": "object", "properties": {
      "key_id": {"type": "string", "title": "New key"}}})")},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json&) const override {
    return oneAction("kernel", "rotate_keys", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "rotate_keys", .version = REDFLAG_VERSION, .name = "Make a new agent key", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::RotateKeys, redflag::command_types::kDeclaration)
