// Takes packages back to the versions that an update replaced: exactly these, or nothing.

#include <algorithm>
#include <set>
#include <utility>

#include "plugin_action.h"
#include "updates.h"

namespace redflag::command_types {
namespace {

class RollbackUpdates final : public PluginAction {
 public:
  explicit RollbackUpdates(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "rollback_updates"},
            {"title", "Roll back updates"},
            {"description",
             "Goes back to the versions that were there before, as far as they can still be had: exactly "
             "these, and "
             "nothing else changes. The machine's own policy has to allow downgrades."},
            {"permission", "approver"},
            {"risk", "high"},
            {"needs_approval", false},
            {"listed", false},
            {"timeout_s", 14'400},
            {"valid_s", 86'400},
            {"max_attempts", 3},
            {"idempotency_fields", {"manager", "updates"}},
            {"parameters_schema",
             {{"type", "object"},
              {"properties", {{"manager", managerSchema()}, {"updates", backSchema()}}},
              {"required", {"manager", "updates"}},
              {"additionalProperties", false}}},
            {"result_schema",
             {{"type", "object"}, {"properties", {{"steps", {{"type", "array"}}}}}, {"required", {"steps"}}}},
            {"effects", {"updates.rolled_back"}}};
  }

  std::optional<FieldProblem> check(const Json& parameters) const override {
    std::set<std::pair<std::string, std::string>> named;
    const Json& updates = parameters.at("updates");
    for (std::size_t i = 0; i < updates.size(); ++i) {
      const std::string place = "/updates/" + std::to_string(i);
      const bool first =
          named.emplace(updates[i].at("name").get<std::string>(), updates[i].at("arch").get<std::string>())
              .second;
      if (!first) return FieldProblem{place + "/name", "expected each package once"};
      if (updates[i].at("from") == updates[i].at("to"))
        return FieldProblem{place + "/to", "expected another version than the one it has"};
    }
    return std::nullopt;
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    const std::string manager = parameters.at("manager");
    if (Json problem = cannotAct(agent, manager); !problem.is_null()) return problem;
    Json wanted = Json::array();
    Json steps = Json::array();
    for (const Json& update : parameters.at("updates")) {
      wanted.push_back(
          {{"name", update.at("name")}, {"arch", update.at("arch")}, {"version", update.at("to")}});
      Json step = update;
      step["operation"] = "downgrade";
      steps.push_back(std::move(step));
    }
    const Json plan{{"steps", std::move(steps)}};
    Json answer = oneAction(manager, "rollback", {{"updates", std::move(wanted)}, {"plan", plan}});
    answer["plan"] = plan;
    return answer;
  }

  // Each step by itself: also of a rollback that failed at another one.
  Json effects(const Json& item) const override {
    const Json& results = item.at("results");
    const bool told = !results.empty() && results[0].is_object() && results[0].contains("steps");
    // Done without a word about each: all of it is.
    const bool all = !told && item.at("outcome") == "succeeded";
    const Json steps = told ? results[0].at("steps") : Json::array();
    Json back = Json::array();
    for (const Json& update : item.at("parameters").at("updates")) {
      const bool done = all || std::any_of(steps.begin(), steps.end(), [&](const Json& step) {
                          return step.value("result", "") == "done" && step.at("name") == update.at("name") &&
                                 step.at("arch") == update.at("arch") && step.at("to") == update.at("to");
                        });
      if (!done) continue;
      back.push_back({{"name", update.at("name")},
                      {"arch", update.at("arch")},
                      {"version", update.at("from")},
                      {"now", update.at("to")}});
    }
    if (back.empty()) return Json::array();
    return {{{"effect", "updates.rolled_back"},
             {"manager", item.at("parameters").at("manager")},
             {"updates", std::move(back)}}};
  }

 private:
  // From the version that is installed, to the one before.
  static Json backSchema() {
    return Json::parse(R"({
      "type": "array", "minItems": 1, "maxItems": 5000, "items": {
        "type": "object", "additionalProperties": false, "required": ["name", "arch", "from", "to"], "properties": {
          "name": {"type": "string", "minLength": 1, "maxLength": 256},
          "arch": {"type": "string", "maxLength": 64},
          "from": {"type": "string", "minLength": 1, "maxLength": 512},
          "to": {"type": "string", "minLength": 1, "maxLength": 512}}}})");
  }
};

const rf::Declaration kDeclaration{
    .id = "rollback_updates", .version = REDFLAG_VERSION, .name = "Roll back updates", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::RollbackUpdates, redflag::command_types::kDeclaration)
