#include "settings.h"

#include <array>

#include "base/json.h"
#include "http.h"

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
      "description": "As docker login writes it (config.json, \"auths\"), and a proxy's. The scanning user must be able to read it. No credential helper is asked: registries whose passwords one keeps are asked without, and named. Empty: registries are asked without."
    },
    "proxy": {
      "type": "string",
      "pattern": "^(engine|none|https?://[^/@ ]+/?)$",
      "x-expected": "engine, none, or http://HOST:PORT without a password",
      "maxLength": 200,
      "default": "engine",
      "title": "The proxy to registries",
      "description": "engine: the one that the engine's own pulls take, as far as it says so. none: directly. Or http://HOST:PORT. Its password, if it wants one, belongs into credentials_file, as an entry of \"auths\" that is this very address. Loopback is always asked directly."
    },
    "no_proxy": {
      "type": "array",
      "maxItems": 100,
      "items": {"type": "string", "pattern": "^[^,@ ]+$", "maxLength": 255,
                "x-expected": "a host, a domain like .example.net, a number or a network like 10.0.0.0/8"},
      "default": [],
      "title": "Registries that are asked directly",
      "description": "Hosts, with what is below them, domains like .example.net, numbers and networks like 10.0.0.0/8. Beside those that the engine names, where the proxy is the engine's."
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
      "description": "With a health check of its own, or as long as that one's start period, up to an hour. Longer, and it is put back."
    }
  }
})";

namespace {

bool isProxySetting(const std::string& text) {
  if (text == kProxyOfEngine || text == kNoProxy) return true;
  const bool has_scheme = text.starts_with("http://") || text.starts_with("https://");
  return has_scheme && text.find('@') == std::string::npos && !proxyAddress(text).empty();
}

}  // namespace

Result<Settings> parseSettings(std::string_view json) {
  constexpr const char* kCode = "docker.bad_settings";
  const auto parsed = parseJson(json.empty() ? "{}" : json);
  if (!parsed) return fail(RF_INVALID, kCode, parsed.error().text);
  JsonReader in(*parsed, "settings");
  Settings settings;
  settings.socket = in.optionalText("socket", 100, settings.socket);
  settings.credentials_file = in.optionalText("credentials_file", 4096);
  settings.proxy = in.optionalText("proxy", 200, settings.proxy);
  if (in.find("no_proxy") != nullptr) settings.no_proxy = in.texts("no_proxy", 100);
  settings.settle_s = in.optionalInteger("settle_s", 1, 600, settings.settle_s);
  settings.healthy_within_s = in.optionalInteger("healthy_within_s", 1, 3600, settings.healthy_within_s);
  const auto newer = in.optionalText("newer_tags", 16, "minor");
  constexpr std::array<std::string_view, 4> kNames{"none", "patch", "minor", "major"};
  std::size_t at = 0;
  while (at < kNames.size() && kNames[at] != newer)
    ++at;
  if (at == kNames.size()) in.refuse("newer_tags", "none, patch, minor or major");
  if (!isProxySetting(settings.proxy))
    in.refuse("proxy", "engine, none or http://HOST:PORT without a password");
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, kCode, end.error().text);
  settings.newer_tags = static_cast<NewerTags>(at);
  if (!settings.socket.starts_with('/'))
    return fail(RF_INVALID, kCode, "settings.socket: expected an absolute path");
  if (!settings.credentials_file.empty() && !settings.credentials_file.starts_with('/'))
    return fail(RF_INVALID, kCode, "settings.credentials_file: expected an absolute path or nothing");
  return settings;
}

}  // namespace redflag::docker
