// Asks the manager on the machine what installing the approved updates would do, all of it, without doing
// any.

#include "batched_type.h"
#include "updates.h"

namespace redflag::command_types {
namespace {

class PlanUpdates final : public BatchedType {
 public:
  explicit PlanUpdates(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "plan_updates"},
            {"title", "Plan updates"},
            {"description",
             "Finds out everything that installing the approved updates would change. Changes nothing."},
            {"permission", "approver"},
            {"risk", "none"},
            {"needs_approval", true},
            {"timeout_s", 900},
            {"valid_s", 604'800},
            {"max_attempts", 3},
            {"idempotency_fields", {"manager", "updates"}},
            {"parameters_schema",
             {{"type", "object"},
              {"properties", {{"manager", managerSchema()}, {"updates", updatesSchema()}}},
              {"required", {"manager", "updates"}},
              {"additionalProperties", false}}},
            {"result_schema",
             {{"type", "object"},
              {"properties", {{"plan", {{"type", "object"}}}, {"plan_hash", {{"type", "string"}}}}},
              {"required", {"plan", "plan_hash"}}}},
            {"effects", {"updates.planned", "updates.failed", "follow_up"}}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    const std::string manager = parameters.at("manager");
    if (!has(agent, manager)) {
      return refused("updates.no_updater", agent.at("hostname").get<std::string>() + " has no plugin \"" +
                                               manager + "\" that could install this");
    }
    return oneAction(manager, "plan", {{"updates", parameters.at("updates")}});
  }

  Json effects(const Json& item) const override {
    if (item.at("outcome") != "succeeded") {
      const std::string how = item.at("outcome");
      if (how == "cancelled") return Json::array();  // nothing has failed: the server gives the updates back
      const char* failure = how == "failed" ? "install" : how == "expired" ? "offline" : "refused";
      return {{{"effect", "updates.failed"},
               {"class", failure},
               {"code", item.at("code")},
               {"text", item.at("text")}}};
    }
    const Json& result = item.at("results").at(0);
    const Json& parameters = item.at("parameters");
    // The server holds the follow-up back when the plan does more than was approved.
    return {
        {{"effect", "updates.planned"}, {"plan", result.at("plan")}, {"plan_hash", result.at("plan_hash")}},
        {{"effect", "follow_up"},
         {"type", "install_updates"},
         {"parameters",
          {{"manager", parameters.at("manager")},
           {"updates", parameters.at("updates")},
           {"plan", result.at("plan")},
           {"plan_hash", result.at("plan_hash")}}}}};
  }
};

const rf::Declaration kDeclaration{
    .id = "plan_updates", .version = REDFLAG_VERSION, .name = "Plan updates", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::PlanUpdates, redflag::command_types::kDeclaration)
