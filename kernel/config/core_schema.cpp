#include "config/core_schema.h"

#include "settings/settable.h"

namespace redflag::kernel {
namespace {

constexpr const char* kSchema = R"json({
  "type": "object", "additionalProperties": false, "required": ["version"],
  "x-expected": "a map that begins with version: 1",
  "properties": {
    "version": {"const": 1},
    "mode": {"enum": ["report", "act"]},
    "server": {"type": "object", "additionalProperties": false, "properties": {
      "enrolment_file": {"type": "string", "pattern": "^/", "x-expected": "an absolute path"},
      "proxy": {"type": "string", "pattern": "^(none|system|http://[^/@ ]+)$",
                "x-expected": "none, system, or http://HOST:PORT"}}},
    "schedule": {"$ref": "#/definitions/schedule"},
    "limits": {"$ref": "#/definitions/limits"},
    "isolation": {"enum": ["require", "best"]},
    "breaker": {"$ref": "#/definitions/breaker"},
    "spool": {"type": "object", "additionalProperties": false, "properties": {
      "max": {"$ref": "#/definitions/size"}}},
    "plugins": {"type": "object", "additionalProperties": {
      "type": ["object", "null"], "additionalProperties": false, "properties": {
        "every": {"$ref": "#/definitions/duration"},
        "jitter": {"$ref": "#/definitions/duration"},
        "limits": {"$ref": "#/definitions/limits"},
        "breaker": {"$ref": "#/definitions/breaker"},
        "settings": {"type": "object"},
        "publisher": {"type": "string", "pattern": "^ed25519:[A-Za-z0-9+/]{43}=$",
                      "x-expected": "a publisher's key like ed25519:BASE64"},
        "sha256": {"type": "string", "pattern": "^[0-9a-fA-F]{64}$", "x-expected": "64 hexadecimal digits"},
        "capabilities": {"type": "array", "maxItems": 64, "items": {"type": "string", "minLength": 1}}}}},
    "windows": {"type": "object", "additionalProperties": {
      "type": "string", "x-expected": "a window like \"Mon-Fri 22:00-05:00\""}},
    "policy": {"type": "object", "additionalProperties": false, "properties": {
      "allow": {"type": "array", "maxItems": 256, "items": {
        "type": "object", "additionalProperties": false, "required": ["action", "when"], "properties": {
          "action": {"$ref": "#/definitions/action"},
          "packages": {"$ref": "#/definitions/packages"},
          "category": {"type": "string", "minLength": 1},
          "removals": {"const": "any"},
          "downgrades": {"const": "any"},
          "when": {"$ref": "#/definitions/when"},
          "notice": {"$ref": "#/definitions/duration"}}}},
      "deny": {"type": "array", "maxItems": 256, "items": {
        "type": "object", "additionalProperties": false, "properties": {
          "action": {"$ref": "#/definitions/action"},
          "packages": {"$ref": "#/definitions/packages"},
          "category": {"type": "string", "minLength": 1},
          "removals": {"const": "any"},
          "downgrades": {"const": "any"},
          "when": {"$ref": "#/definitions/when"},
          "reason": {"type": "string", "maxLength": 500}}}},
      "server_may_set": {"type": "array", "maxItems": 64, "items": {"type": "string"}},
      "agent_updates": {"enum": ["never", "security", "all"]}}},
    "log": {"$ref": "#/definitions/log"}
  },
  "definitions": {
    "action": {"type": "string", "pattern": "^[A-Za-z0-9._*?-]+(/[A-Za-z0-9._*?-]+)?$",
               "x-expected": "an action like apt/install or apt/*"},
    "packages": {"type": "array", "minItems": 1, "maxItems": 1000,
                 "items": {"type": "string", "minLength": 1, "maxLength": 200},
                 "x-expected": "a list of package names or patterns like [\"nginx\", \"linux-image-*\"]"},
    "when": {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1,
             "x-expected": "always, or a list of names from windows"}
  }
})json";

constexpr const char* kDefaults = R"json({
  "version": 1,
  "mode": "report",
  "server": {"enrolment_file": "/etc/redflag/enrolment", "proxy": "none"},
  "schedule": {"every": "6h", "jitter": "30m", "max_parallel": 3},
  "limits": {"time": "2m", "cpu": "60s", "memory": "128MiB", "records": 100000, "output": "64MiB"},
  "isolation": "best",
  "breaker": {"failures": 3, "window_failures": 10, "window": "24h", "open": "30m", "open_max": "24h", "successes": 2},
  "spool": {"max": "256MiB"},
  "plugins": {},
  "windows": {},
  "policy": {"allow": [], "deny": [], "server_may_set": [], "agent_updates": "never"},
  "log": {"level": "info", "to": "journal"}
})json";

}  // namespace

const Json& coreSchema() {
  static const Json schema = [] {
    Json whole = Json::parse(kSchema);
    whole["definitions"].update(settings::settingDefinitions());
    return whole;
  }();
  return schema;
}

const Json& coreDefaults() {
  static const Json defaults = Json::parse(kDefaults);
  return defaults;
}

}  // namespace redflag::kernel
