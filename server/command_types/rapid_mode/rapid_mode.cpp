// A faster interval for what is measured, for a while.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class RapidMode final : public BatchedType {
 public:
  explicit RapidMode(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "rapid_mode"},
            {"title", "Watch closely"},
            {"description",
             "Measures the machine more often for a while, whatever its schedule says. Ends by itself."},
            {"permission", "technician"},
            {"risk", "none"},
            {"needs_approval", false},
            {"timeout_s", 900},
            {"valid_s", 600},
            {"max_attempts", 3},
            {"idempotency_fields", {"minutes", "every_s"}},
            {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["minutes"], "properties": {
        "minutes": {"type": "integer", "title": "For how many minutes", "description": "0 ends it",
                    "minimum": 0, "maximum": 60, "default": 10},
        "every_s": {"type": "integer", "title": "Every so many seconds", "minimum": 10, "maximum": 300,
                    "default": 30}}})")},
            {"result_schema", Json::parse(R"({"type": "object", "properties": {
      "until": {"title": "Until"}, "plugins": {"type": "array", "title": "What is measured"}}})")},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json&) const override {
    return oneAction("kernel", "rapid", parameters);
  }
};

const rf::Declaration kDeclaration{
    .id = "rapid_mode", .version = REDFLAG_VERSION, .name = "Watch closely", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::RapidMode, redflag::command_types::kDeclaration)
