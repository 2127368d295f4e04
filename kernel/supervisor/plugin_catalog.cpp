#include "supervisor/plugin_catalog.h"

#include <algorithm>

#include "config/settings.h"
#include "protocol/record_kinds.h"

namespace redflag::kernel {
namespace {

tl::unexpected<PluginRefusal> refuse(const char* status, const char* code, std::string text) {
  return tl::unexpected<PluginRefusal>(PluginRefusal{status, code, std::move(text)});
}

std::string missingWalls(bool own_user) {
  std::string missing;
  for (const auto& wall : walls(own_user)) {
    if (!wall.standing) missing += (missing.empty() ? "" : ", ") + std::string(wall.name);
  }
  return missing;
}

}  // namespace

std::string purposeFor(const host::Manifest& manifest, const std::string& wanted) {
  const auto& kinds = manifest.record_kinds;
  const bool has_inventory = std::any_of(kinds.begin(), kinds.end(), [](const std::string& kind) {
    return kind == "package/1" || protocol::findRecordKind(kind) == nullptr;
  });
  return wanted == "inventory" && !has_inventory ? "updates" : wanted;
}

std::vector<host::Wall> walls(bool own_user) {
  std::vector<host::Wall> all{
      {"own_process", true}, {"no_new_privileges", true}, {"limits", true}, {"own_user", own_user}};
  const auto possible = host::possibleWalls();
  all.insert(all.end(), possible.begin(), possible.end());
  return all;
}

const char* isolationName(bool own_user) {
  return missingWalls(own_user).empty() ? "full" : "weak";
}

tl::expected<ReadyPlugin, PluginRefusal> preparePlugin(const Config& config, const PluginConfig& plugin,
                                                       const PluginPlace& place) {
  auto manifest = host::loadManifest(place.folder, plugin.id);
  if (!manifest && manifest.error().code == Code::kNotFound) {
    return refuse("not_applicable", "plugin.not_installed",
                  "the plugin " + plugin.id + " is not installed in " + place.folder.string());
  }
  if (!manifest) return refuse("invalid", "plugin.refused", manifest.error().text);
  if (const auto missing = missingWalls(place.own_user);
      config.isolation == Isolation::kRequire && !missing.empty()) {
    return refuse("denied", "plugin.refused",
                  "isolation is required and these walls are missing: " + missing);
  }
  auto settings = effectiveSettings(config, plugin, manifest->config_schema);
  if (!settings) return refuse("misconfigured", "config.invalid", settings.error().text);
  // Of what the owner wrote: what a plugin may touch is never the server's to say.
  PluginConfig owners = plugin;
  owners.settings = plugin.owner_settings;
  const auto own_settings = effectiveSettings(config, owners, manifest->config_schema);
  if (!own_settings) return refuse("misconfigured", "config.invalid", own_settings.error().text);
  auto capabilities = grantedCapabilities(plugin, *manifest, *own_settings);
  if (!capabilities) return refuse("denied", "plugin.refused", capabilities.error().text);
  return ReadyPlugin{plugin, std::move(*manifest), std::move(*settings), std::move(*capabilities),
                     sealOf(config)};
}

}  // namespace redflag::kernel
