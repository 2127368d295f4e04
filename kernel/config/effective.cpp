#include "config/effective.h"

#include "config/core_schema.h"
#include "config/settings.h"

namespace redflag::kernel {
namespace {

class Collector {
 public:
  explicit Collector(const Config& config) : config_(config) {}

  // `otherwise`: where a value is from that nobody wrote.
  void leaves(const std::string& pointer, const std::string& key, const Json& value,
              const std::string& otherwise, Origin origin) {
    if (value.is_object() && !value.empty()) {
      for (const auto& [name, member] : value.items()) {
        const std::string below = (Json::json_pointer(pointer) / name).to_string();
        leaves(below, key.empty() ? name : key + "." + name, member, otherwise, origin);
      }
      return;
    }
    EffectiveValue one{key, value, otherwise, pointer, origin, 0};
    const auto found = config_.places.find(pointer);
    if (config_.from_server.contains(pointer)) {
      one.source = "the server";
      one.origin = Origin::kServer;
    } else if (found != config_.places.end()) {
      one.source = config_.file.string() + ":" + std::to_string(found->second.line);
      one.origin = Origin::kFile;
      one.line = found->second.line;
    }
    values.push_back(std::move(one));
  }

  std::vector<EffectiveValue> values;

 private:
  const Config& config_;
};

}  // namespace

std::vector<EffectiveValue> effectiveValues(const Config& config,
                                            const std::map<std::string, Json>& schemas) {
  Collector collector(config);
  for (const auto& [key, value] : config.values.items()) {
    if (key != "plugins") collector.leaves("/" + key, key, value, "default", Origin::kDefault);
  }
  for (const auto& plugin : config.plugins) {
    const std::string key = "plugins." + plugin.id;
    const std::string pointer = (Json::json_pointer("/plugins") / plugin.id).to_string();
    const Json& written = config.values["plugins"][plugin.id];
    for (const char* inherited : {"every", "jitter"}) {
      const Json& value =
          written.contains(inherited) ? written[inherited] : config.values["schedule"][inherited];
      collector.leaves(pointer + "/" + inherited, key + "." + inherited, value,
                       std::string("schedule.") + inherited, Origin::kInherited);
    }
    for (const char* group : {"limits", "breaker"}) {
      for (const auto& [name, value] : config.values[group].items()) {
        const bool own = written.contains(group) && written[group].contains(name);
        collector.leaves(pointer + "/" + group + "/" + name, key + "." + group + "." + name,
                         own ? written[group][name] : value, std::string(group) + "." + name,
                         Origin::kInherited);
      }
    }
    for (const char* own : {"sha256", "capabilities"}) {
      if (written.contains(own))
        collector.leaves(pointer + "/" + own, key + "." + own, written[own], "default", Origin::kDefault);
    }
    const auto schema = schemas.find(plugin.id);
    const auto settings = schema == schemas.end() ? Result<Json>(plugin.settings)
                                                  : effectiveSettings(config, plugin, schema->second);
    collector.leaves(pointer + "/settings", key + ".settings", settings.value_or(plugin.settings),
                     "plugin's default", Origin::kPluginDefault);
  }
  return std::move(collector.values);
}

}  // namespace redflag::kernel
