#pragma once
// `config show --effective`: every value in force and where it came from.

#include <string>
#include <vector>

#include "config/config.h"

namespace redflag::kernel {

// kInherited: of a plugin, from what the agent as a whole has.
enum class Origin { kDefault, kPluginDefault, kInherited, kFile, kServer };

struct EffectiveValue {
  std::string key;  // "plugins.apt.settings.refresh"
  Json value;
  std::string source;   // "/etc/redflag/agent.yaml:12", "default", "plugin's default", "the server", or the
                        // key it is inherited from
  std::string pointer;  // "/plugins/apt/settings/refresh"
  Origin origin = Origin::kDefault;
  int line = 0;  // of kFile
};

// `schemas`: config schemas of the plugins that are installed, by id.
std::vector<EffectiveValue> effectiveValues(const Config& config, const std::map<std::string, Json>& schemas);

}  // namespace redflag::kernel
