#pragma once
// What planning, downloading and installing share: which updates an order is about.

#include <nlohmann/json.hpp>
#include <string>

namespace redflag::command_types {

// JSON Schema of "manager" and "updates": the approved rows, each with the exact version.
inline nlohmann::json managerSchema() {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", 128}};
}

inline nlohmann::json updatesSchema() {
  const auto text = [](int longest) -> nlohmann::json {
    return {{"type", "string"}, {"minLength", 1}, {"maxLength", longest}};
  };
  return {{"type", "array"},
          {"minItems", 1},
          {"maxItems", 5000},  // protocol::kMaxOrderedUpdates
          {"items",
           {{"type", "object"},
            {"properties",
             {{"key", text(512)},
              {"name", text(512)},
              {"arch", {{"type", "string"}, {"maxLength", 64}}},
              {"version", text(512)}}},
            {"required", {"key", "name", "arch", "version"}},
            {"additionalProperties", false}}}};
}

// Parameters of what a confirmed plan is carried out by.
inline nlohmann::json plannedSchema() {
  return {{"type", "object"},
          {"properties",
           {{"manager", managerSchema()},
            {"updates", updatesSchema()},
            {"plan", {{"type", "object"}, {"required", {"steps"}}}},
            {"plan_hash", {{"type", "string"}, {"minLength", 64}, {"maxLength", 64}}}}},
          {"required", {"manager", "updates", "plan", "plan_hash"}},
          {"additionalProperties", false}};
}

// The same update in a plan's step and in an approval.
inline bool isAbout(const nlohmann::json& step, const nlohmann::json& update) {
  return step.at("name") == update.at("name") && step.at("to") == update.at("version") &&
         (update.at("arch") == "" || step.at("arch") == update.at("arch"));
}

}  // namespace redflag::command_types
