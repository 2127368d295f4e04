#pragma once
// `config show --effective`: every value in force and where it came from.

#include <string>
#include <vector>

#include "config/config.h"

namespace redflag::kernel {

struct EffectiveValue {
  std::string key;  // "plugins.apt.settings.refresh"
  Json value;
  std::string source;  // "/etc/redflag/agent.yaml:12", "default", "plugin's default", "the server", or the
                       // key it is inherited from
};

// `schemas`: config schemas of the plugins that are installed, by id.
std::vector<EffectiveValue> effectiveValues(const Config& config, const std::map<std::string, Json>& schemas);

}  // namespace redflag::kernel
