// Fetches what a confirmed plan will install, into the manager's own cache. The server orders it while an
// install waits for its maintenance window; one that fails takes nothing from the install, which fetches what
// is missing.

#include "plugin_action.h"
#include "updates.h"

namespace redflag::command_types {
namespace {

class DownloadUpdates final : public PluginAction {
 public:
  explicit DownloadUpdates(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "download_updates"},
        {"title", "Download updates"},
        {"description",
         "Downloads what a confirmed plan will install, so that the maintenance window is for installing. "
         "Changes nothing that is installed."},
        {"permission", "approver"},
        {"risk", "low"},
        {"needs_approval", false},
        {"listed", false},
        {"timeout_s", 14'400},
        {"valid_s", 604'800},
        {"max_attempts", 3},
        {"idempotency_fields", {"manager", "updates", "plan_hash"}},
        {"parameters_schema", plannedSchema()},
        {"result_schema",
         {{"type", "object"},
          {"properties", {{"download_bytes", {{"type", "integer"}, {"title", "Bytes of the plan"}}}}}}},
        {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    const std::string manager = parameters.at("manager");
    const Json& plan = parameters.at("plan");
    Json answer =
        changing(agent, manager, "download", {{"updates", parameters.at("updates")}, {"plan", plan}});
    if (answer.contains("actions")) answer["plan"] = plan;
    return answer;
  }
};

const rf::Declaration kDeclaration{
    .id = "download_updates", .version = REDFLAG_VERSION, .name = "Download updates", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::DownloadUpdates, redflag::command_types::kDeclaration)
