// The server's half: what a technician fills in, and which action of the machine's plugin that becomes.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <redflag/sdk.hpp>

namespace {

using nlohmann::json;

class Greet final : public rf::CommandType {
 public:
  explicit Greet(rf::Host) {}

  rf::Status describe(rf::Output& result) override {
    const json parameters = json::parse(R"({
      "type": "object", "additionalProperties": false, "required": ["names", "tone"],
      "properties": {
        "names": {"type": "array", "title": "Whom to greet", "minItems": 1, "maxItems": 5,
                  "items": {"type": "string", "minLength": 1, "maxLength": 40}},
        "tone": {"type": "string", "title": "Tone", "enum": ["friendly", "formal"], "default": "friendly"},
        "times": {"type": "integer", "title": "How often", "minimum": 1, "maximum": 3, "default": 1},
        "loud": {"type": "boolean", "title": "Loud", "description": "In capital letters"}
      }})");
    const json shown = json::parse(R"({
      "type": "object", "required": ["file", "lines"],
      "properties": {"file": {"type": "string", "title": "Written to"},
                     "lines": {"type": "array", "title": "Greetings", "items": {"type": "string"}}}})");
    return result.write(json{
        {"type", "org.example.greet"},
        {"title", "Greet people"},
        {"description", "Leaves a greeting on the machine."},
        {"permission", "technician"},
        {"risk", "low"},
        {"needs_approval", false},
        {"timeout_s", 300},
        {"max_attempts", 3},
        {"idempotency_fields", json::array()},
        {"parameters_schema", parameters},
        {"result_schema", shown},
        {"effects",
         json::array()}}.dump());
  }

  rf::Status validate(std::string_view batch, rf::Output& result) override {
    return each(batch, result, [](const json& item) -> json {
      const json& names = item.at("parameters").at("names");
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == "nobody")
          return {{"ok", false}, {"field", "/names/" + std::to_string(i)}, {"text", "nobody is greeted"}};
      }
      return {{"ok", true}};
    });
  }

  rf::Status plan(std::string_view batch, rf::Output& result) override {
    return each(batch, result, [](const json& item) -> json {
      const json& plugins = item.at("agent").at("plugins");
      if (std::find(plugins.begin(), plugins.end(), "org.example.greeter") == plugins.end()) {
        return {{"error", {{"code", "greet.no_greeter"}, {"text", "the greeter is not installed there"}}}};
      }
      return {{"actions",
               {{{"plugin", "org.example.greeter"},
                 {"action", "greet"},
                 {"parameters", item.at("parameters")}}}}};
    });
  }

  rf::Status onResult(std::string_view batch, rf::Output& result) override {
    return each(batch, result, [](const json&) -> json { return {{"effects", json::array()}}; });
  }

 private:
  template <class One>
  static rf::Status each(std::string_view batch, rf::Output& result, One&& one) {
    const json in = json::parse(batch);
    json answers = json::array();
    for (const json& item : in.at("items"))
      answers.push_back(one(item));
    return result.write(json{{"items", answers}}.dump());
  }
};

const rf::Declaration kDeclaration{
    .id = "org.example.greet", .version = "1.0.0", .name = "Greet people", .vendor = "Example"};

}  // namespace

RF_PLUGIN(Greet, kDeclaration)
