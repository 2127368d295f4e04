#include "supervisor/plugin_catalog.h"

#include "config/settings.h"

namespace redflag::kernel {
namespace {

tl::unexpected<PluginRefusal> refuse(const char* status, const char* code, std::string text) {
  return tl::unexpected<PluginRefusal>(PluginRefusal{status, code, std::move(text)});
}

std::string missingWalls() {
  std::string missing;
  for (const auto& wall : walls()) {
    if (!wall.standing) missing += (missing.empty() ? "" : ", ") + std::string(wall.name);
  }
  return missing;
}

}  // namespace

std::vector<Wall> walls() {
  return {{"own_process", true}, {"no_new_privileges", true}, {"limits", true}, {"own_user", false},
          {"files", false},      {"network", false}};
}

tl::expected<ReadyPlugin, PluginRefusal> preparePlugin(const Config& config, const PluginConfig& plugin,
                                                       const std::filesystem::path& folder) {
  auto manifest = host::loadManifest(folder, plugin.id);
  if (!manifest && manifest.error().code == Code::kNotFound) {
    return refuse("not_applicable", "plugin.not_installed",
                  "the plugin " + plugin.id + " is not installed in " + folder.string());
  }
  if (!manifest) return refuse("invalid", "plugin.refused", manifest.error().text);
  if (const auto missing = missingWalls(); config.isolation == Isolation::kRequire && !missing.empty()) {
    return refuse("denied", "plugin.refused",
                  "isolation is required and these walls are missing: " + missing);
  }
  auto settings = effectiveSettings(config, plugin, manifest->config_schema);
  if (!settings) return refuse("misconfigured", "config.invalid", settings.error().text);
  auto capabilities = grantedCapabilities(plugin, *manifest);
  if (!capabilities) return refuse("denied", "plugin.refused", capabilities.error().text);
  return ReadyPlugin{plugin, std::move(*manifest), std::move(*settings), std::move(*capabilities)};
}

}  // namespace redflag::kernel
