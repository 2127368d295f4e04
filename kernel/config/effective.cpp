#include "config/effective.h"

#include "config/core_schema.h"
#include "config/settings.h"

namespace redflag::kernel {
namespace {

class Collector {
 public:
  explicit Collector(const Config& config) : config_(config) {}

  void leaves(const std::string& pointer, const std::string& key, const Json& value,
              const std::string& otherwise) {
    if (value.is_object() && !value.empty()) {
      for (const auto& [name, member] : value.items()) {
        const std::string below = (Json::json_pointer(pointer) / name).to_string();
        leaves(below, key.empty() ? name : key + "." + name, member, otherwise);
      }
      return;
    }
    values.push_back({key, value, source(pointer, otherwise)});
  }

  std::vector<EffectiveValue> values;

 private:
  std::string source(const std::string& pointer, const std::string& otherwise) const {
    if (config_.from_server.contains(pointer)) return "the server";
    const auto found = config_.places.find(pointer);
    if (found == config_.places.end()) return otherwise;
    return config_.file.string() + ":" + std::to_string(found->second.line);
  }

  const Config& config_;
};

}  // namespace

std::vector<EffectiveValue> effectiveValues(const Config& config,
                                            const std::map<std::string, Json>& schemas) {
  Collector collector(config);
  for (const auto& [key, value] : config.values.items()) {
    if (key != "plugins") collector.leaves("/" + key, key, value, "default");
  }
  for (const auto& plugin : config.plugins) {
    const std::string key = "plugins." + plugin.id;
    const std::string pointer = (Json::json_pointer("/plugins") / plugin.id).to_string();
    const Json& written = config.values["plugins"][plugin.id];
    for (const char* inherited : {"every", "jitter"}) {
      const Json& value =
          written.contains(inherited) ? written[inherited] : config.values["schedule"][inherited];
      collector.leaves(pointer + "/" + inherited, key + "." + inherited, value,
                       std::string("schedule.") + inherited);
    }
    for (const char* group : {"limits", "breaker"}) {
      for (const auto& [name, value] : config.values[group].items()) {
        const bool own = written.contains(group) && written[group].contains(name);
        collector.leaves(pointer + "/" + group + "/" + name, key + "." + group + "." + name,
                         own ? written[group][name] : value, std::string(group) + "." + name);
      }
    }
    for (const char* own : {"sha256", "capabilities"}) {
      if (written.contains(own))
        collector.leaves(pointer + "/" + own, key + "." + own, written[own], "default");
    }
    const auto schema = schemas.find(plugin.id);
    const auto settings = schema == schemas.end() ? Result<Json>(plugin.settings)
                                                  : effectiveSettings(config, plugin, schema->second);
    collector.leaves(pointer + "/settings", key + ".settings", settings.value_or(plugin.settings),
                     "plugin's default");
  }
  return std::move(collector.values);
}

}  // namespace redflag::kernel
