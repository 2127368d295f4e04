#include "services/wished_settings.h"

#include <algorithm>
#include <array>

namespace redflag::services {
namespace {

using Pointer = Json::json_pointer;

constexpr std::size_t kMaxPatch = 100;
constexpr std::size_t kMaxReport = 64U << 10U;
constexpr const char* kFromServer = "server";
constexpr const char* kFromYaml = "yaml";

// How narrow: everything 0, a client 1, a site 2, a group 3, one agent 4.
int narrowness(const store::DecisionScope& scope) {
  if (scope.client_id.empty()) return 0;
  if (!scope.agent_id.empty()) return 4;
  if (!scope.group_id.empty()) return 3;
  return scope.site_id.empty() ? 1 : 2;
}

bool holdsAt(const store::DecisionScope& scope, const SettingsPlace& place) {
  if (scope.client_id.empty()) return true;
  if (scope.client_id != place.client_id) return false;
  if (!scope.agent_id.empty()) return scope.agent_id == place.agent_id;
  if (!scope.group_id.empty()) {
    const auto& groups = place.group_ids;
    return std::find(groups.begin(), groups.end(), scope.group_id) != groups.end();
  }
  return scope.site_id.empty() || scope.site_id == place.site_id;
}

std::vector<std::string> partsOf(Pointer key) {
  std::vector<std::string> parts;
  for (; !key.empty(); key.pop_back())
    parts.insert(parts.begin(), key.back());
  return parts;
}

// What a plugin's own value stands in for; nullopt where it stands for itself.
std::optional<Pointer> inheritedFrom(const Pointer& key) {
  const auto parts = partsOf(key);
  if (parts.size() < 3 || parts[0] != "plugins") return std::nullopt;
  if (parts.size() == 3 && (parts[2] == "every" || parts[2] == "jitter"))
    return Pointer("/schedule") / parts[2];
  if (parts.size() == 4 && (parts[2] == "limits" || parts[2] == "breaker"))
    return Pointer() / parts[2] / parts[3];
  return std::nullopt;
}

ToldSettings::Value readTold(JsonReader& in) {
  ToldSettings::Value value;
  value.from = in.text("from", 16);
  value.line = in.optionalInteger("line", 0, INT32_MAX, 0);
  if (const Json* told = in.find("value")) value.value = *told;
  return value;
}

std::string pendingText(const store::SettingsWork& work, bool connected) {
  if (!work.note.empty()) return work.note;
  if (!connected) return "the machine is not in contact";
  return work.command_id.empty() ? "will be ordered within seconds" : "is ordered";
}

}  // namespace

SettingsPlace placeOf(const store::AgentSettings& row) {
  return {row.agent.client_id, row.agent.site_id, row.agent.agent_id, row.group_ids};
}

SettingsPlace placeOf(const store::DecisionScope& scope) {
  SettingsPlace place{scope.client_id, scope.site_id, scope.agent_id};
  if (!scope.group_id.empty()) place.group_ids.push_back(scope.group_id);
  return place;
}

bool nearer(const store::DecisionScope& one, const store::DecisionScope& other) {
  const int by = narrowness(one) - narrowness(other);
  return by != 0 ? by > 0 : one.group_name < other.group_name;
}

LoadedProfile loadProfile(store::Profile profile) {
  const auto json = parseJson(profile.settings);
  const auto values = json ? settings::serverSettingsOf(*json)
                           : Result<std::vector<settings::ServerSetting>>(fail(Code::kInvalid, "no JSON"));
  if (!values) return {std::move(profile), {}, "its settings cannot be read: " + values.error().text};
  return {std::move(profile), *values};
}

std::vector<LoadedProfile> loadProfiles(std::vector<store::Profile> profiles) {
  std::vector<LoadedProfile> out;
  for (auto& profile : profiles)
    out.push_back(loadProfile(std::move(profile)));
  return out;
}

WishedSettings wishedAt(const std::vector<LoadedProfile>& profiles, const SettingsPlace& place) {
  WishedSettings wished;
  for (const auto& one : profiles) {
    if (!holdsAt(one.profile.scope, place)) continue;
    for (const auto& setting : one.settings) {
      const auto [at, first] = wished.try_emplace(setting.key.to_string());
      if (first || nearer(one.profile.scope, at->second.from.scope))
        at->second = {setting.key, setting.value, one.profile};
    }
  }
  return wished;
}

const LoadedProfile* unreadableAt(const std::vector<LoadedProfile>& profiles, const SettingsPlace& place) {
  const auto found = std::find_if(profiles.begin(), profiles.end(), [&](const LoadedProfile& one) {
    return !one.problem.empty() && holdsAt(one.profile.scope, place);
  });
  return found == profiles.end() ? nullptr : &*found;
}

ToldSettings::ToldSettings(const std::string& report) {
  if (report.empty()) return;
  const auto json = parseJson(report, {kMaxReport});
  if (!json || !json->is_object()) return;
  JsonReader in(*json, "settings");
  may_set_ = in.texts("may_set", 64);
  const auto plugins = in.texts("plugins", 200);
  plugins_ = {plugins.begin(), plugins.end()};
  cut_ = in.optionalBoolean("cut", false);
  for (const Json& item : in.array("values", 1'000)) {
    JsonReader one(item, "settings.values");
    const std::string key = one.text("key", 512);
    values_[key] = readTold(one);
  }
  known_ = in.finishIgnoringUnknown().has_value();
}

std::optional<ToldSettings::Value> ToldSettings::of(const Pointer& key) const {
  if (const Value* value = own(key.to_string())) return *value;
  const auto wider = inheritedFrom(key);
  if (!wider) return std::nullopt;
  const Value* value = own(wider->to_string());
  if (value == nullptr) return std::nullopt;
  Value out = *value;
  out.from = "inherited";
  out.line = 0;
  return out;
}

const ToldSettings::Value* ToldSettings::own(const std::string& pointer) const {
  const auto found = values_.find(pointer);
  return found == values_.end() ? nullptr : &found->second;
}

bool ToldSettings::opened(const Pointer& key) const {
  return settings::serverMaySet(may_set_, key);
}

bool ToldSettings::concernsNothing(const Pointer& key) const {
  const std::string plugin = settings::pluginOf(key);
  return !plugin.empty() && !plugins_.contains(plugin);
}

bool ToldSettings::writtenBelow(const std::string& pointer) const {
  const std::string prefix = pointer + "/";
  for (auto it = values_.lower_bound(prefix); it != values_.end() && it->first.starts_with(prefix); ++it)
    if (it->second.from == kFromYaml) return true;
  return false;
}

const char* name(Drift drift) {
  switch (drift) {
    case Drift::kAsDesired:
      return "as_desired";
    case Drift::kPending:
      return "pending";
    case Drift::kRefused:
      return "refused";
    case Drift::kLocal:
      return "local";
    case Drift::kNotApplicable:
      return "not_applicable";
    default:
      return "unknown";
  }
}

Drift worst(const std::vector<Drift>& drifts) {
  constexpr std::array kWorstFirst = {Drift::kRefused, Drift::kUnknown, Drift::kPending, Drift::kLocal};
  for (const Drift one : kWorstFirst)
    if (std::find(drifts.begin(), drifts.end(), one) != drifts.end()) return one;
  return Drift::kAsDesired;
}

Judged judge(const Wished& wished, const ToldSettings& told, const store::SettingsWork& work,
             bool connected) {
  if (!told.known()) return {Drift::kUnknown, "the agent has not told its settings"};
  const std::string key = settings::dottedKey(wished.key);
  if (told.concernsNothing(wished.key))
    return {Drift::kNotApplicable, settings::pluginOf(wished.key) + " is not enabled on this machine"};
  const auto value = told.of(wished.key);
  if (value && value->value && *value->value == wished.value) return {Drift::kAsDesired, ""};
  const bool local = value && value->from == kFromYaml;
  if (local || told.writtenBelow(wished.key.to_string())) {
    const std::string line = local && value->line > 0 ? ", line " + std::to_string(value->line) : "";
    return {Drift::kLocal, "agent.yaml of the machine sets it itself" + line + ", and that counts"};
  }
  if (!value && told.cut()) return {Drift::kUnknown, "the agent has more settings than it tells"};
  if (!told.opened(wished.key))
    return {Drift::kRefused, "policy.server_may_set of the machine does not include " + key};
  if (work.given_up) return {Drift::kRefused, work.note};
  return {Drift::kPending, pendingText(work, connected)};
}

SettingsPatch patchFor(const WishedSettings& wished, const ToldSettings& told,
                       const std::set<std::string>& managed) {
  SettingsPatch patch;
  const store::Profile* nearest = nullptr;
  for (const auto& [pointer, one] : wished) {
    const auto* own = told.own(pointer);
    if (managed.contains(pointer) || (own != nullptr && own->from == kFromServer))
      patch.managed.insert(pointer);
    if (judge(one, told, {}, true).drift != Drift::kPending || patch.settings.size() == kMaxPatch) continue;
    patch.settings.push_back({one.key, one.value});
    patch.managed.insert(pointer);
    if (nearest == nullptr || nearer(one.from.scope, nearest->scope)) nearest = &one.from;
  }
  for (const std::string& pointer : managed) {
    if (wished.contains(pointer)) continue;
    const Pointer key(pointer);
    const auto* own = told.own(pointer);
    const bool set = own != nullptr && own->from == kFromServer;
    // What the agent does not show now it may still have kept, for when its owner opens it again.
    const bool hidden = !told.known() || !told.opened(key) || told.concernsNothing(key);
    if (set || hidden) patch.managed.insert(pointer);
    if (set && !hidden && patch.settings.size() < kMaxPatch) patch.settings.push_back({key, nullptr});
  }
  if (nearest != nullptr) {
    patch.author_id = nearest->author_id;
    patch.profile = nearest->name;
  }
  return patch;
}

std::set<std::string> readPointers(const std::string& json) {
  std::set<std::string> out;
  const auto list = parseJson(json);
  if (!list || !list->is_array()) return out;
  for (const Json& one : *list)
    if (one.is_string()) out.insert(one.get<std::string>());
  return out;
}

std::string writePointers(const std::set<std::string>& pointers) {
  return dumpJson(Json(pointers));
}

}  // namespace redflag::services
