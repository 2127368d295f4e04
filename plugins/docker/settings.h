#pragma once
// The plugin's settings, as its schema lets them through.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "problem.h"

namespace redflag::docker {

// How far a newer tag may be from the one in use.
enum class NewerTags { kNone, kPatch, kMinor, kMajor };

inline constexpr const char* kProxyOfEngine = "engine";
inline constexpr const char* kNoProxy = "none";

struct Settings {
  std::string socket = "/run/docker.sock";
  std::string credentials_file;        // "": registries are asked without
  std::string proxy = kProxyOfEngine;  // or kNoProxy, or what proxyAddress() takes
  std::vector<std::string> no_proxy;
  NewerTags newer_tags = NewerTags::kMinor;
  std::int64_t settle_s = 10;                        // how long a container without a health check has to run
  std::int64_t healthy_within_s = 5 * 60;            // how long one with a check may take
  std::string certificates = "/etc/docker/certs.d";  // no setting: the engine's own place
};

// JSON Schema of the settings; unknown keys are refused.
extern const char* const kSettingsSchema;

// `json` is valid against the schema, with or without defaults filled in.
Result<Settings> parseSettings(std::string_view json);

}  // namespace redflag::docker
