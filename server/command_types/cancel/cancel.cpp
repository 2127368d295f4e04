// Asks an agent to stop a command that it has, if it has not begun what must not be interrupted.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class Cancel final : public BatchedType {
 public:
  explicit Cancel(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "cancel"},
        {"title", "Cancel"},
        {"description", "Stops a command that has not begun yet. An install that runs is never interrupted."},
        {"permission", "technician"},
        {"risk", "low"},
        {"needs_approval", false},
        {"listed", false},
        {"timeout_s", 300},
        {"valid_s", 86'400},
        {"max_attempts", 3},
        {"idempotency_fields", {"command_id"}},
        {"parameters_schema",
         {{"type", "object"},
          {"properties",
           {{"command_id",
             {{"type", "string"}, {"title", "Command"}, {"minLength", 26}, {"maxLength", 26}}}}},
          {"required", {"command_id"}},
          {"additionalProperties", false}}},
        {"result_schema",
         {{"type", "object"},
          {"properties", {{"cancelled", {{"type", "boolean"}}}}},
          {"required", {"cancelled"}}}},
        {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json&) const override {
    return oneAction("kernel", "cancel", {{"command_id", parameters.at("command_id")}});
  }
};

const rf::Declaration kDeclaration{
    .id = "cancel", .version = REDFLAG_VERSION, .name = "Cancel", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::Cancel, redflag::command_types::kDeclaration)
