#include "settings/desired.h"

#include <map>

#include "settings/bounds.h"
#include "settings/settable.h"
#include "settings/units.h"

namespace redflag::settings {
namespace {

using Pointer = Json::json_pointer;

std::optional<SchemaProblem> tooSmall(const Pointer& key, const std::string& text, std::int64_t least) {
  const auto ns = parseDuration(text);
  if (!ns) return SchemaProblem{key.to_string(), ns.error().text};
  if (*ns >= least) return std::nullopt;
  return SchemaProblem{key.to_string(), "expected at least " + durationText(least)};
}

std::optional<SchemaProblem> tooSmall(const Pointer& key, const Json& value, std::uint64_t least) {
  const auto bytes = parseSize(value.is_string() ? value.get<std::string>() : dumpJson(value));
  if (!bytes) return SchemaProblem{key.to_string(), bytes.error().text};
  if (*bytes >= least) return std::nullopt;
  return SchemaProblem{key.to_string(), "expected at least " + sizeText(least)};
}

std::optional<SchemaProblem> outOfBounds(const ServerSetting& setting) {
  static const std::map<std::string, std::int64_t> kLeastDurations = {
      {"every", kLeastIntervalNs}, {"window", kLeastIntervalNs}, {"jitter", 0},
      {"time", kLeastTimeNs},      {"cpu", kLeastTimeNs},        {"open", kLeastTimeNs},
      {"open_max", kLeastTimeNs}};
  static const std::map<std::string, std::uint64_t> kLeastSizes = {{"memory", kLeastMemoryBytes},
                                                                   {"output", kLeastOutputBytes}};
  const std::string name = setting.key.back();
  if (const auto least = kLeastDurations.find(name); least != kLeastDurations.end())
    return tooSmall(setting.key, setting.value.get<std::string>(), least->second);
  if (const auto least = kLeastSizes.find(name); least != kLeastSizes.end())
    return tooSmall(setting.key, setting.value, least->second);
  return std::nullopt;
}

// Two values of one map that must not be the wrong way round.
std::optional<SchemaProblem> wrongWayRound(const Json& map, const Pointer& at, const char* less,
                                           const char* more, const char* blamed, const char* expected) {
  if (!map.contains(less) || !map.contains(more)) return std::nullopt;
  const auto small = parseDuration(map[less].get<std::string>());
  const auto large = parseDuration(map[more].get<std::string>());
  if (!small || !large || *small <= *large) return std::nullopt;
  const std::string other = map[blamed == std::string(less) ? more : less].get<std::string>();
  return SchemaProblem{(at / blamed).to_string(), expected + other};
}

std::optional<SchemaProblem> wrongTogether(const Json& map, const Pointer& at) {
  if (auto problem = wrongWayRound(map, at, "jitter", "every", "jitter", "expected at most the interval, "))
    return problem;
  return wrongWayRound(map, at, "open", "open_max", "open_max", "expected at least breaker.open, ");
}

std::optional<SchemaProblem> wrongInMaps(const Json& settings, const Pointer& at) {
  for (const char* name : {"schedule", "breaker"}) {
    if (!settings.contains(name)) continue;
    if (auto problem = wrongTogether(settings[name], at / name)) return problem;
  }
  if (!settings.contains("plugins")) return std::nullopt;
  for (const auto& [id, plugin] : settings["plugins"].items()) {
    const Pointer place = at / "plugins" / id;
    if (!isPluginId(id))
      return SchemaProblem{place.to_string(),
                           "expected a plugin's id: small letters, digits, '.', '_' and '-'"};
    if (auto problem = wrongTogether(plugin, place)) return problem;
    if (auto problem = wrongInMaps({{"breaker", plugin.value("breaker", Json::object())}}, place))
      return problem;
  }
  return std::nullopt;
}

bool isOfAPlugin(const Pointer& key) {
  const std::string id = pluginOf(key);
  return !id.empty() && key.to_string().rfind((Pointer("/plugins") / id / "settings").to_string(), 0) == 0;
}

}  // namespace

std::optional<SchemaProblem> problemOfDesired(const Json& settings) {
  const auto problems = checkAgainst(settableSchema(), settings);
  if (!problems) return SchemaProblem{"", problems.error().text};
  if (!problems->empty()) return problems->front();
  const auto all = serverSettingsOf(settings);
  if (!all) return SchemaProblem{"", all.error().text};
  if (dumpJson(settings).size() > kMaxDesiredBytes)
    return SchemaProblem{"", "expected at most " + sizeText(kMaxDesiredBytes)};
  for (const auto& setting : *all) {
    if (setting.value.is_null())
      return SchemaProblem{setting.key.to_string(), "expected a value; leave out what shall not be set here"};
    if (isOfAPlugin(setting.key)) continue;
    if (auto problem = outOfBounds(setting)) return problem;
  }
  return wrongInMaps(settings, Pointer());
}

Json nested(const std::vector<ServerSetting>& settings) {
  Json out = Json::object();
  for (const auto& setting : settings)
    place(setting, out);
  return out;
}

}  // namespace redflag::settings
