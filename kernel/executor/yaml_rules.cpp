#include "executor/yaml_rules.h"

#include "base/time.h"
#include "config/settings.h"
#include "platform/files.h"
#include "platform/user.h"

namespace redflag::kernel {
namespace {

constexpr std::uint64_t kOpenFiles = 256;
// As scanners have it: of a user of the plans' own, else of the whole user that we are.
constexpr std::uint64_t kProcesses = 512;
constexpr std::uint64_t kProcessesOfOurUser = 4096;

platform::ResourceLimits limitsOf(const RunLimits& limits) {
  platform::ResourceLimits out;
  out.cpu_s = static_cast<std::uint64_t>((limits.cpu_ns + kSecondNs - 1) / kSecondNs);
  out.memory_bytes = limits.memory_bytes;
  out.open_files = kOpenFiles;
  out.processes = platform::mayBecomeOthers() ? kProcesses : kProcessesOfOurUser;
  out.file_bytes = limits.output_bytes;
  return out;
}

class LoadedRules : public Rules {
 public:
  LoadedRules(Config config, std::filesystem::path plugin_folder)
      : config_(std::move(config)), plugin_folder_(std::move(plugin_folder)) {}

  bool act() const override { return config_.mode == Mode::kAct; }
  const Policy& policy() const override { return config_.policy; }
  Result<PluginSetup> plugin(const std::string& id, const char* interface_id) const override;

 private:
  Config config_;
  std::filesystem::path plugin_folder_;
};

Result<PluginSetup> LoadedRules::plugin(const std::string& id, const char* interface_id) const {
  const PluginConfig* configured = config_.plugin(id);
  if (configured == nullptr) {
    return fail(Code::kNotFound, "the plugin " + id + " is not enabled in " + config_.file.string());
  }
  auto manifest = host::loadManifest(plugin_folder_, id);
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  if (!manifest->offers(interface_id)) {
    return fail(Code::kUnsupported, "the plugin " + id + " does not offer " + interface_id);
  }
  auto settings = effectiveSettings(config_, *configured, manifest->config_schema);
  if (!settings) return tl::unexpected<Error>(settings.error());
  auto capabilities = grantedCapabilities(*configured, *manifest, *settings);
  if (!capabilities) return tl::unexpected<Error>(capabilities.error());
  return PluginSetup{std::move(*manifest), std::move(*settings),         std::move(*capabilities),
                     sealOf(config_),      limitsOf(configured->limits), configured->limits.time_ns};
}

}  // namespace

Result<std::unique_ptr<Rules>> YamlRules::read() {
  if (auto ours = platform::checkOnlyOursToWrite(config_file_); !ours)
    return tl::unexpected<Error>(ours.error());
  auto config = loadConfig(config_file_);
  if (!config) return tl::unexpected<Error>(config.error());
  return std::make_unique<LoadedRules>(std::move(*config), plugin_folder_);
}

}  // namespace redflag::kernel
