#include "settings.h"

#include <array>

#include "base/json.h"

namespace redflag::docker {

// Newer tags go up to the next minor version by default: what semantic versions call compatible, security
// fixes among it, and in tags of two numbers ("15.3") every fix. A new major version is somebody's project,
// not news for each machine.
const char* const kSettingsSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "socket": {
      "type": "string",
      "pattern": "^/",
      "maxLength": 100,
      "default": "/run/docker.sock",
      "title": "The engine's socket",
      "description": "Podman's is /run/podman/podman.sock."
    },
    "credentials_file": {
      "type": "string",
      "pattern": "^(/.*)?$",
      "maxLength": 4096,
      "default": "",
      "title": "File with the registries' passwords",
      "description": "As docker login writes it (config.json, \"auths\"). The scanning user must be able to read it. No credential helper is asked: registries whose passwords one keeps are asked without, and named. Empty: registries are asked without."
    },
    "newer_tags": {
      "type": "string",
      "enum": ["none", "patch", "minor", "major"],
      "default": "minor",
      "title": "Which newer tags to report",
      "description": "For tags that are versions: tags of the same form that differ at most in this part. They are told, never installed."
    },
    "settle_s": {
      "type": "integer",
      "minimum": 1,
      "maximum": 600,
      "default": 10,
      "title": "Seconds a new container has to run",
      "description": "Without a health check of its own. One that ends or starts again before is put back."
    },
    "healthy_within_s": {
      "type": "integer",
      "minimum": 1,
      "maximum": 3600,
      "default": 300,
      "title": "Seconds a new container may take to be healthy",
      "description": "With a health check of its own. Longer, and it is put back."
    }
  }
})";

Result<Settings> parseSettings(std::string_view json) {
  constexpr const char* kCode = "docker.bad_settings";
  const auto parsed = parseJson(json.empty() ? "{}" : json);
  if (!parsed) return fail(RF_INVALID, kCode, parsed.error().text);
  JsonReader in(*parsed, "settings");
  Settings settings;
  settings.socket = in.optionalText("socket", 100, settings.socket);
  settings.credentials_file = in.optionalText("credentials_file", 4096);
  settings.settle_s = in.optionalInteger("settle_s", 1, 600, settings.settle_s);
  settings.healthy_within_s = in.optionalInteger("healthy_within_s", 1, 3600, settings.healthy_within_s);
  const auto newer = in.optionalText("newer_tags", 16, "minor");
  constexpr std::array<std::string_view, 4> kNames{"none", "patch", "minor", "major"};
  std::size_t at = 0;
  while (at < kNames.size() && kNames[at] != newer)
    ++at;
  if (at == kNames.size()) in.refuse("newer_tags", "none, patch, minor or major");
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, kCode, end.error().text);
  settings.newer_tags = static_cast<NewerTags>(at);
  if (!settings.socket.starts_with('/'))
    return fail(RF_INVALID, kCode, "settings.socket: expected an absolute path");
  if (!settings.credentials_file.empty() && !settings.credentials_file.starts_with('/'))
    return fail(RF_INVALID, kCode, "settings.credentials_file: expected an absolute path or nothing");
  return settings;
}

}  // namespace redflag::docker
