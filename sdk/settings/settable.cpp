#include "settings/settable.h"

#include "settings/bounds.h"

namespace redflag::settings {
namespace {

constexpr const char* kDefinitions = R"json({
  "duration": {"type": "string", "pattern": "^[0-9]{1,9}[smhd]$",
               "x-expected": "a duration like 90s, 15m, 6h or 2d"},
  "size": {"type": ["string", "integer"], "pattern": "^[0-9]{1,13}(KiB|MiB|GiB)?$", "minimum": 0,
           "x-expected": "a size like 64KiB, 128MiB or 2GiB"},
  "schedule": {"title": "Schedule", "description": "When plugins look", "type": "object",
               "additionalProperties": false, "properties": {
    "every": {"$ref": "#/definitions/duration"},
    "jitter": {"$ref": "#/definitions/duration"},
    "max_parallel": {"type": "integer", "minimum": 1, "maximum": 32}}},
  "limits": {"title": "Limits", "description": "What one run of one plugin may use", "type": "object",
             "additionalProperties": false, "properties": {
    "time": {"$ref": "#/definitions/duration"},
    "cpu": {"$ref": "#/definitions/duration"},
    "memory": {"$ref": "#/definitions/size"},
    "records": {"type": "integer", "minimum": 1, "maximum": 1000000},
    "output": {"$ref": "#/definitions/size"}}},
  "breaker": {"title": "Breaker", "description": "When a plugin that fails is left alone, and for how long",
              "type": "object", "additionalProperties": false, "properties": {
    "failures": {"type": "integer", "minimum": 1, "maximum": 100},
    "window_failures": {"type": "integer", "minimum": 1, "maximum": 100},
    "window": {"$ref": "#/definitions/duration"},
    "open": {"$ref": "#/definitions/duration"},
    "open_max": {"$ref": "#/definitions/duration"},
    "successes": {"type": "integer", "minimum": 1, "maximum": 100}}},
  "log": {"title": "Log", "type": "object", "additionalProperties": false, "properties": {
    "level": {"enum": ["debug", "info", "warning", "error"]},
    "to": {"enum": ["journal", "stderr"]}}}
})json";

constexpr const char* kSettable = R"json({
  "type": "object", "additionalProperties": false, "properties": {
    "schedule": {"$ref": "#/definitions/schedule"},
    "limits": {"$ref": "#/definitions/limits"},
    "breaker": {"$ref": "#/definitions/breaker"},
    "log": {"$ref": "#/definitions/log"},
    "plugins": {"title": "Plugins", "description": "By id, as JSON: {\"apt\": {\"every\": \"2h\", \"settings\": {\"refresh\": \"private\"}}}",
      "type": "object", "additionalProperties": {
      "type": "object", "additionalProperties": false, "properties": {
        "every": {"$ref": "#/definitions/duration"},
        "jitter": {"$ref": "#/definitions/duration"},
        "limits": {"$ref": "#/definitions/limits"},
        "breaker": {"$ref": "#/definitions/breaker"},
        "settings": {"type": "object"}}}}}
})json";

constexpr std::string_view kReference = "#/definitions/";

Json resolved(const Json& schema) {
  if (schema.is_object() && schema.contains("$ref"))
    return resolved(
        settingDefinitions().at(schema["$ref"].get_ref<const std::string&>().substr(kReference.size())));
  if (!schema.is_object()) return schema;
  Json out = Json::object();
  for (const auto& [key, value] : schema.items())
    out[key] = resolved(value);
  return out;
}

}  // namespace

const Json& settingDefinitions() {
  static const Json definitions = Json::parse(kDefinitions);
  return definitions;
}

const Json& settableSchema() {
  static const Json schema = resolved(Json::parse(kSettable));
  return schema;
}

bool isPluginId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxPluginId && id.front() != '.' &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
}

}  // namespace redflag::settings
