// How the agent is, from the agent itself: state, breakers, configuration, the last lines of its log.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class CollectDiagnostics final : public BatchedType {
 public:
  explicit CollectDiagnostics(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "collect_diagnostics"},
            {"title", "Collect diagnostics"},
            {"description",
             "Asks the agent for its own state, breakers, configuration and the last lines of its log. Holds "
             "no secrets and no settings of plugins."},
            {"permission", "technician"},
            {"risk", "none"},
            {"needs_approval", false},
            {"timeout_s", 900},
            {"valid_s", 3'600},
            {"max_attempts", 3},
            {"idempotency_fields", {"log_lines"}},
            {"parameters_schema", Json::parse(R"({
      "type": "object", "additionalProperties": false, "properties": {
        "log_lines": {"type": "integer", "title": "Lines of the log", "minimum": 0, "maximum": 1000, "default": 200}}})")},
            {"result_schema", Json::parse(R"({"type": "object", "properties": {
      "collected_at": {"title": "Collected at"}, "machine": {"title": "Machine"}, "agent": {"title": "Agent"},
      "configuration": {"title": "Configuration"}, "log": {"title": "Log"}}})")},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json&) const override {
    return oneAction("kernel", "diagnostics", parameters);
  }
};

const rf::Declaration kDeclaration{.id = "collect_diagnostics",
                                   .version = REDFLAG_VERSION,
                                   .name = "Collect diagnostics",
                                   .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::CollectDiagnostics, redflag::command_types::kDeclaration)
