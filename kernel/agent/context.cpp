#include "agent/context.h"

#include <cstdio>
#include <system_error>

#include "platform/files.h"
#include "supervisor/host_starter.h"

namespace redflag::kernel {

platform::Paths Context::paths() const {
  platform::Paths paths = platform::defaultPaths();
  if (!state.empty()) platform::keepStateIn(paths, state);
  if (!plugins.empty()) {
    std::error_code error;
    paths.plugins = std::filesystem::absolute(plugins, error);
  }
  return paths;
}

platform::Paths Context::writablePaths() const {
  platform::Paths out = paths();
  if (state.empty() && out.installed && !platform::mayWriteIn(out.state))
    platform::keepStateIn(out, platform::userStateFolder());
  return out;
}

std::optional<platform::User> scanUser(const platform::Paths& paths) {
  if (!paths.installed || !platform::mayBecomeOthers()) return std::nullopt;
  return platform::findUser(kScanUser);
}

std::filesystem::path Context::configFile() const {
  if (!config.empty()) {
    std::error_code error;
    return std::filesystem::absolute(config, error);
  }
  return paths().config_file;
}

std::optional<Config> Context::readConfig() {
  const auto file = configFile();
  std::error_code error;
  if (file.empty() || (config.empty() && !std::filesystem::exists(file, error))) return defaultConfig();
  LoadedConfig loaded = checkConfig(file);
  for (const auto& problem : loaded.problems)
    std::fprintf(stderr, "%s\n", problem.toText().c_str());
  if (!loaded.config) exit_code = kExitUsage;
  return std::move(loaded.config);
}

std::filesystem::path Context::brokerSocket(const std::string& named) const {
  return named.empty() && paths().installed ? "/run/redflag-broker/broker.sock" : named;
}

void Context::fail(int code, const std::string& text) {
  std::fprintf(stderr, "redflag-agent: %s\n", text.c_str());
  exit_code = code;
}

}  // namespace redflag::kernel
