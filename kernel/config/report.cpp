#include "config/report.h"

#include "config/effective.h"
#include "settings/server_settings.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxValues = 300;
constexpr std::size_t kMaxBytes = 24U << 10U;
constexpr std::size_t kMaxValueBytes = 512;

const char* nameOf(Origin origin) {
  switch (origin) {
    case Origin::kServer:
      return "server";
    case Origin::kFile:
      return "yaml";
    case Origin::kPluginDefault:
      return "plugin";
    default:
      return "default";
  }
}

bool holdsNoFreeText(const Json& schema) {
  if (schema.contains("enum")) return true;
  const auto type = schema.find("type");
  return type != schema.end() && (*type == "integer" || *type == "number" || *type == "boolean");
}

// The schema of a value below a plugin's settings; nullptr where nothing is said about it.
const Json* schemaOf(const Json& schema, const std::vector<std::string>& names) {
  const Json* at = &schema;
  for (const auto& name : names) {
    const auto properties = at->find("properties");
    if (properties == at->end() || !properties->is_object() || !properties->contains(name)) return nullptr;
    at = &(*properties)[name];
    if (!at->is_object()) return nullptr;
  }
  return at;
}

bool mayBeTold(const EffectiveValue& value, const std::map<std::string, Json>& schemas) {
  if (dumpJson(value.value).size() > kMaxValueBytes) return false;
  if (value.origin != Origin::kFile) return true;
  const Json::json_pointer pointer(value.pointer);
  const std::string plugin = settings::pluginOf(pointer);
  std::vector<std::string> names;
  for (auto rest = pointer; !rest.empty(); rest.pop_back())
    names.insert(names.begin(), rest.back());
  if (plugin.empty() || names.size() < 3 || names[2] != "settings") return true;
  const auto schema = schemas.find(plugin);
  if (schema == schemas.end() || !schema->second.is_object()) return false;
  const Json* of = schemaOf(schema->second, {names.begin() + 3, names.end()});
  return of != nullptr && holdsNoFreeText(*of);
}

}  // namespace

Json settingsReport(const Config& config, const std::map<std::string, Json>& schemas) {
  Json plugins = Json::array();
  for (const auto& plugin : config.plugins)
    plugins.push_back(plugin.id);
  Json report = {{"may_set", config.server_may_set}, {"plugins", std::move(plugins)}};
  Json values = Json::array();
  std::size_t bytes = dumpJson(report).size();
  for (const auto& value : effectiveValues(config, schemas)) {
    if (value.origin == Origin::kInherited || value.value == Json::object() ||
        !settings::mayEverBeSet(Json::json_pointer(value.pointer)))
      continue;
    Json one = {{"key", value.pointer}, {"from", nameOf(value.origin)}};
    if (value.line > 0) one["line"] = value.line;
    if (mayBeTold(value, schemas)) one["value"] = value.value;
    bytes += dumpJson(one).size() + 1;
    if (values.size() == kMaxValues || bytes > kMaxBytes) {
      report["cut"] = true;
      break;
    }
    values.push_back(std::move(one));
  }
  report["values"] = std::move(values);
  return report;
}

}  // namespace redflag::kernel
