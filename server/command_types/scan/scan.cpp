// Looks again, now: the agent runs the named scanners, or all it has.

#include "batched_type.h"

namespace redflag::command_types {
namespace {

class Scan final : public BatchedType {
 public:
  explicit Scan(rf::Host) {}

 protected:
  Json description() const override {
    return {{"type", "scan"},
            {"title", "Scan now"},
            {"description", "Runs the scanners now instead of at their next time. Changes nothing."},
            {"permission", "technician"},
            {"risk", "none"},
            {"needs_approval", false},
            {"timeout_s", 900},
            {"valid_s", 86'400},
            {"max_attempts", 3},
            {"idempotency_fields", {"plugins", "purpose"}},
            {"parameters_schema",
             {{"type", "object"},
              {"properties",
               {{"plugins",
                 {{"type", "array"},
                  {"title", "Scanners"},
                  {"description", "Empty: all of them"},
                  {"maxItems", 32},
                  {"items", {{"type", "string"}, {"minLength", 1}, {"maxLength", 128}}}}},
                {"purpose",
                 {{"type", "string"}, {"title", "Purpose"}, {"enum", {"updates", "inventory", "verify"}}}}}},
              {"additionalProperties", false}}},
            {"result_schema",
             {{"type", "object"},
              {"properties", {{"scans", {{"type", "array"}, {"items", {{"type", "string"}}}}}}},
              {"required", {"scans"}}}},
            {"effects", Json::array()}};
  }

  Json actions(const Json& parameters, const Json& agent) const override {
    Json wish{{"purpose", parameters.value("purpose", "updates")}};
    const Json plugins = parameters.value("plugins", Json::array());
    for (const auto& plugin : plugins) {
      if (!has(agent, plugin)) {
        return refused("scan.unknown_plugin", agent.at("hostname").get<std::string>() + " has no plugin \"" +
                                                  plugin.get<std::string>() + "\"");
      }
    }
    if (!plugins.empty()) wish["plugins"] = plugins;
    return oneAction("kernel", "scan", std::move(wish));
  }
};

const rf::Declaration kDeclaration{
    .id = "scan", .version = REDFLAG_VERSION, .name = "Scan now", .vendor = "RedFlag"};

}  // namespace
}  // namespace redflag::command_types

RF_PLUGIN(redflag::command_types::Scan, redflag::command_types::kDeclaration)
