#include "config/settings.h"

#include <algorithm>

#include "config/schema.h"

namespace redflag::kernel {
namespace {

bool isThirdParty(const std::string& id) {
  return id.find('.') != std::string::npos;
}

std::string placeText(const Config& config, const std::string& pointer) {
  for (Json::json_pointer at(pointer); !at.empty(); at.pop_back()) {
    const auto found = config.places.find(at.to_string());
    if (found == config.places.end()) continue;
    return config.file.string() + ":" + std::to_string(found->second.line) + ":" +
           std::to_string(found->second.column) + ": ";
  }
  return config.file.empty() ? "" : config.file.string() + ": ";
}

std::string keyText(const std::string& pointer) {
  std::string out;
  for (Json::json_pointer at(pointer); !at.empty(); at.pop_back())
    out = "." + at.back() + out;
  return out;
}

Result<> checkPinned(const PluginConfig& plugin, const host::Manifest& manifest) {
  if (!plugin.sha256.empty() && plugin.sha256 != manifest.sha256) {
    return fail(Code::kDenied, "plugins." + plugin.id +
                                   ".sha256: the library is another one; its sha256 is " + manifest.sha256);
  }
  if (plugin.sha256.empty() && isThirdParty(plugin.id)) {
    return fail(Code::kDenied, "a third party's library must be pinned; write below plugins." + plugin.id +
                                   ":  sha256: " + manifest.sha256);
  }
  return {};
}

}  // namespace

Result<Json> effectiveSettings(const Config& config, const PluginConfig& plugin, const Json& schema) {
  Json closed = schema;
  if (!closed.is_object() || closed.empty()) closed = {{"type", "object"}, {"properties", Json::object()}};
  if (!closed.contains("additionalProperties")) closed["additionalProperties"] = false;
  const auto problems = checkAgainst(closed, plugin.settings);
  if (!problems) return failAt("plugin " + plugin.id, problems.error());
  std::string text;
  const std::string base = (Json::json_pointer("/plugins") / plugin.id / "settings").to_string();
  for (const auto& problem : *problems) {
    text += (text.empty() ? "" : "\n") + placeText(config, base + problem.pointer) + "plugins." + plugin.id +
            ".settings" + keyText(problem.pointer) + ": " + problem.text;
  }
  if (!text.empty()) return fail(Code::kInvalid, text);
  Json settings = plugin.settings;
  fillDefaults(closed, settings);
  return settings;
}

Result<std::vector<std::string>> grantedCapabilities(const PluginConfig& plugin,
                                                     const host::Manifest& manifest) {
  if (auto pinned = checkPinned(plugin, manifest); !pinned) return tl::unexpected<Error>(pinned.error());
  std::vector<std::string> granted = plugin.capabilities.value_or(std::vector<std::string>());
  const bool exactly = plugin.capabilities.has_value() || isThirdParty(plugin.id);
  std::string missing;
  for (const auto& capability : manifest.capabilities) {
    if (!exactly) {
      granted.push_back(capability.spec);
    } else if (capability.required &&
               std::find(granted.begin(), granted.end(), capability.spec) == granted.end()) {
      missing += (missing.empty() ? "" : ", ") + dumpJson(capability.spec);
    }
  }
  if (missing.empty()) return granted;
  return fail(Code::kDenied, "a required capability is missing; write below plugins." + plugin.id +
                                 ":  capabilities: [" + missing + "]");
}

}  // namespace redflag::kernel
