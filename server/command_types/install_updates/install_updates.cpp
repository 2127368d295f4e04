// Installs exactly what was planned and approved.

#include "batched_type.h"
#include "updates.h"

namespace redflag::command_types {
namespace {

class InstallUpdates final : public BatchedType {
 public:
  explicit InstallUpdates(rf::Host) {}

 protected:
  Json description() const override {
    return {
        {"type", "install_updates"},
        {"title", "Install updates"},
        {"description", "Installs exactly the plan that was approved; a scan of its own proves the result."},
        {"permission", "approver"},
        {"risk", "high"},
        {"needs_approval", true},
        {"prepared_by", "download_updates"},
        {"timeout_s", 14'400},
        {"valid_s", 604'800},
        {"max_attempts", 1},
        {"idempotency_fields", {"manager", "updates", "plan_hash"}},
        {"parameters_schema", plannedSchema()},
        {"result_schema",
         {{"type", "object"},
          {"properties", {{"steps", {{"type", "array"}}}, {"needs_reboot", {{"type", "boolean"}}}}},
          {"required", {"steps"}}}},
        {"effects", {"updates.installed", "updates.failed"}}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    const std::string hostname = agent.at("hostname");
    if (agent.at("mode") != "act") {
      return refused("agent.report_mode", hostname + " is in report mode: nothing can be installed there");
    }
    const std::string manager = parameters.at("manager");
    if (!has(agent, manager))
      return refused("updates.no_updater", hostname + " has no plugin \"" + manager + "\"");
    return oneAction(manager, "install",
                     {{"updates", parameters.at("updates")}, {"plan", parameters.at("plan")}});
  }

  Json effects(const Json& item) const override {
    const std::string outcome = item.at("outcome");
    Json effects = Json::array();
    const Json installed = done(item);
    if (!installed.empty()) {
      effects.push_back(
          {{"effect", "updates.installed"}, {"updates", installed}, {"needs_reboot", needsReboot(item)}});
    }
    // What was cancelled before it began has not failed: the server gives it back.
    if (outcome == "succeeded" || outcome == "cancelled") return effects;
    const char* failure = outcome == "failed" ? "install" : outcome == "expired" ? "offline" : "refused";
    effects.push_back({{"effect", "updates.failed"},
                       {"class", failure},
                       {"code", item.at("code")},
                       {"text", item.at("text")}});
    return effects;
  }

 private:
  static bool needsReboot(const Json& item) {
    const Json& parameters = item.at("parameters");
    const bool planned =
        parameters.contains("plan") && parameters.at("plan").value("needs_reboot", Json()) == true;
    const Json& results = item.at("results");
    if (results.empty() || !results[0].is_object()) return planned;
    return results[0].value("needs_reboot", planned);
  }

  // The updates whose step the manager says is done, also of an install that failed at another one.
  static Json done(const Json& item) {
    Json installed = Json::array();
    const Json& results = item.at("results");
    const bool told = !results.empty() && results[0].is_object() && results[0].contains("steps");
    // Done without a word about each: all of it is.
    const bool all = !told && item.at("outcome") == "succeeded";
    const Json steps = told ? results[0].at("steps") : Json::array();
    for (const Json& update : item.at("parameters").at("updates")) {
      if (all) {
        installed.push_back(
            {{"name", update.at("name")}, {"arch", update.at("arch")}, {"version", update.at("version")}});
        continue;
      }
      for (const Json& step : steps) {
        if (step.value("result", "") != "done" || !isAbout(step, update)) continue;
        installed.push_back(
            {{"name", update.at("name")}, {"arch", update.at("arch")}, {"version", update.at("version")}});
        break;
      }
    }
    return installed;
  }
};

const rf::Declaration kDeclaration{
    .id = "install_updates", .version = REDFLAG_VERSION, .name = "Install updates", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::InstallUpdates, redflag::command_types::kDeclaration)
