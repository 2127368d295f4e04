#include "services/profiles.h"

#include <algorithm>

#include "base/encoding.h"
#include "http/message.h"
#include "services/decision_scope.h"
#include "settings/desired.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::ReadTransaction;
using store::WriteTransaction;

constexpr std::size_t kRefusingShown = 20;
constexpr std::size_t kMaxAuditBytes = 8'000;

const http::Problem kNoProfile{404, "profile.not_found", "there is no such profile"};

std::string shown(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dumpJson(value);
}

LoadedProfile loaded(const std::string& document) {
  store::Profile profile;
  profile.settings = document;
  return loadProfile(std::move(profile));
}

// "schedule.every 6h -> 2h; log.level taken out"
std::string differences(const std::string& before, const std::string& after) {
  std::map<std::string, std::pair<std::optional<Json>, std::optional<Json>>> both;
  const LoadedProfile was = loaded(before);
  for (const auto& one : was.settings)
    both[settings::dottedKey(one.key)].first = one.value;
  for (const auto& one : loaded(after).settings)
    both[settings::dottedKey(one.key)].second = one.value;
  std::string out = was.problem;
  for (const auto& [key, values] : both) {
    if (values.first == values.second) continue;
    out += (out.empty() ? "" : "; ") + key + " ";
    if (!values.second) {
      out += "taken out, it was " + shown(*values.first);
    } else if (!values.first) {
      out += "set to " + shown(*values.second);
    } else {
      out += shown(*values.first) + " -> " + shown(*values.second);
    }
  }
  if (out.size() > kMaxAuditBytes) out = out.substr(0, kMaxAuditBytes) + " ...";
  return out.empty() ? "nothing but its name" : out;
}

const store::Profile* ownOf(const std::vector<LoadedProfile>& profiles, const store::DecisionScope& scope) {
  for (const auto& one : profiles) {
    const auto& at = one.profile.scope;
    if (at.client_id == scope.client_id && at.site_id == scope.site_id && at.group_id == scope.group_id &&
        at.agent_id == scope.agent_id)
      return &one.profile;
  }
  return nullptr;
}

// Every one that may hold somewhere in the scope.
std::vector<LoadedProfile> profilesIn(const ReadTransaction& tx, const store::DecisionScope& scope) {
  const bool everywhere = scope.client_id.empty();
  return loadProfiles(everywhere ? tx.profiles().list(http::Visible::everything())
                                 : tx.profiles().at(scope.client_id));
}

std::optional<store::Profile> copyOf(const store::Profile* profile) {
  return profile == nullptr ? std::nullopt : std::optional(*profile);
}

bool sameValue(const WishedSettings& one, const WishedSettings& other, const std::string& pointer) {
  const auto a = one.find(pointer);
  const auto b = other.find(pointer);
  if (a == one.end() || b == other.end()) return a == one.end() && b == other.end();
  return a->second.value == b->second.value;
}

std::set<std::string> changedKeys(const WishedSettings& before, const WishedSettings& after) {
  std::set<std::string> keys;
  for (const WishedSettings* side : {&before, &after}) {
    for (const auto& [pointer, one] : *side)
      if (!sameValue(before, after, pointer)) keys.insert(pointer);
  }
  return keys;
}

// How a value that is not wished any more will be.
Drift afterTakingBack(const store::AgentSettings& row, const ToldSettings& told, const std::string& pointer) {
  if (!told.known()) return Drift::kUnknown;
  const auto* own = told.own(pointer);
  const bool ours =
      own != nullptr && own->from == "server" && readPointers(row.work.managed).contains(pointer);
  return ours ? Drift::kPending : Drift::kAsDesired;
}

// Adds one agent to what a change reaches.
void countIn(ProfileReach& reach, std::map<std::string, ProfileReach::Value>& values,
             const store::AgentSettings& row, const WishedSettings& before, const WishedSettings& after) {
  const auto changed = changedKeys(before, after);
  if (changed.empty()) return;
  ++reach.agents;
  const ToldSettings told(row.report);
  bool refuses = false;
  for (const auto& pointer : changed) {
    auto& value = values[pointer];
    value.key = Json::json_pointer(pointer);
    const auto was = before.find(pointer);
    const auto becomes = after.find(pointer);
    if (was != before.end()) value.before = was->second.value;
    if (becomes != after.end()) value.after = becomes->second.value;
    const Drift drift = becomes == after.end() ? afterTakingBack(row, told, pointer)
                                               : judge(becomes->second, told, {}, true).drift;
    ++value.agents[drift];
    refuses = refuses || drift == Drift::kRefused || drift == Drift::kLocal;
  }
  if (!refuses) return;
  ++reach.refuse;
  if (reach.refusing.size() < kRefusingShown) reach.refusing.push_back(row.hostname);
}

}  // namespace

void requireSettable(const Json& settings, const std::string& pointer) {
  if (const auto problem = settings::problemOfDesired(settings))
    throw http::Problem{422, "profile.bad_settings", problem->text, pointer + problem->pointer};
}

commands::CommandType Profiles::configuring() const {
  auto type = context_.types.find(kConfigureType);
  if (!type)
    throw http::Problem{409, "command_type.not_found", "the command type configure is not installed"};
  return std::move(*type);
}

void Profiles::requireProof(const Actor& actor) const {
  if (configuring().risk == "destructive" && !actor.proven) throw http::stepUpRequired();
}

std::vector<LoadedProfile> Profiles::list(const Actor& actor) const {
  return context_.store.read(
      [&](const ReadTransaction& tx) { return loadProfiles(tx.profiles().list(actor.grants.visible())); });
}

PlaceSettings Profiles::at(const store::DecisionScope& place, const Actor& actor) const {
  return context_.store.read([&](const ReadTransaction& tx) {
    PlaceSettings out;
    out.scope = requirePlace(tx, place, actor);
    const auto profiles = profilesIn(tx, out.scope);
    out.own = copyOf(ownOf(profiles, out.scope));
    out.wished = wishedAt(profiles, placeOf(out.scope));
    for (const auto& row : tx.profiles().agents(out.scope, actor.grants.visible(), context_.contact())) {
      ++out.agents;
      const auto wished = wishedAt(profiles, placeOf(row));
      if (wished.empty()) continue;
      const ToldSettings told(row.report);
      std::vector<Drift> drifts;
      for (const auto& [pointer, one] : wished) {
        drifts.push_back(judge(one, told, row.work, row.connection == "connected").drift);
        if (out.wished.contains(pointer)) ++out.by_value[pointer][drifts.back()];
      }
      ++out.by_agent[worst(drifts)];
    }
    return out;
  });
}

AgentView Profiles::ofAgent(const std::string& agent_id, const Actor& actor) const {
  return context_.store.read([&](const ReadTransaction& tx) {
    const auto scope = requirePlace(tx, {"", "", agent_id}, actor);
    auto rows = tx.profiles().agents(scope, actor.grants.visible(), context_.contact());
    AgentView view;
    // Of a revoked one nothing is wished any more.
    if (rows.empty()) throw http::Problem{404, "agent.not_found", "there is no such agent"};
    view.row = std::move(rows.front());
    const auto profiles = profilesIn(tx, scope);
    view.own = copyOf(ownOf(profiles, scope));
    view.wished = wishedAt(profiles, placeOf(view.row));
    view.told = ToldSettings(view.row.report);
    for (const auto& [pointer, one] : view.wished)
      view.judged[pointer] = judge(one, view.told, view.row.work, view.row.connection == "connected");
    return view;
  });
}

LoadedProfile Profiles::profileFor(const ReadTransaction& tx, const std::string& profile_id,
                                   const Actor& actor) const {
  auto found = tx.profiles().find(profile_id, actor.grants.visible());
  if (!found) throw kNoProfile;
  requireScope(tx, found->scope, actor, configuring().permission);
  return loadProfile(std::move(*found));
}

ProfileReach Profiles::preview(store::Profile draft, const Actor& actor) const {
  return context_.store.read([&](const ReadTransaction& tx) {
    if (!draft.id.empty()) draft.scope = profileFor(tx, draft.id, actor).profile.scope;
    draft.scope = requireScope(tx, draft.scope, actor, configuring().permission);
    const auto before = profilesIn(tx, draft.scope);
    auto after = before;
    std::erase_if(after, [&](const LoadedProfile& one) { return ownOf({one}, draft.scope) != nullptr; });
    after.push_back(loadProfile(draft));
    ProfileReach reach;
    std::map<std::string, ProfileReach::Value> values;
    for (const auto& row :
         tx.profiles().agents(draft.scope, http::Visible::everything(), context_.contact())) {
      countIn(reach, values, row, wishedAt(before, placeOf(row)), wishedAt(after, placeOf(row)));
    }
    for (auto& [pointer, value] : values)
      reach.values.push_back(std::move(value));
    return reach;
  });
}

LoadedProfile Profiles::add(store::Profile profile, const Actor& actor) {
  requireProof(actor);
  profile.id = newId();
  profile.created_at = profile.changed_at = context_.now();
  profile.created_by = profile.changed_by = actor.name;
  profile.author_id = actor.author_id;
  return context_.store.write([&](WriteTransaction& tx) {
    profile.scope = requireScope(tx, profile.scope, actor, configuring().permission);
    tx.profiles().add(profile);
    tx.profiles().lookAgain(profile.scope);
    LoadedProfile added = profileFor(tx, profile.id, actor);
    tell(tx, added.profile, "{}", actor, "added");
    return added;
  });
}

LoadedProfile Profiles::change(const store::Profile& wish, const Actor& actor) {
  requireProof(actor);
  return context_.store.write([&](WriteTransaction& tx) {
    store::Profile profile = profileFor(tx, wish.id, actor).profile;
    const std::string before = profile.settings;
    profile.name = wish.name;
    profile.settings = wish.settings;
    profile.changed_at = context_.now();
    profile.changed_by = actor.name;
    profile.author_id = actor.author_id;
    tx.profiles().change(profile);
    tx.profiles().lookAgain(profile.scope);
    tell(tx, profile, before, actor, "changed");
    return loadProfile(std::move(profile));
  });
}

void Profiles::remove(const std::string& profile_id, const Actor& actor) {
  requireProof(actor);
  context_.store.write([&](WriteTransaction& tx) {
    store::Profile profile = profileFor(tx, profile_id, actor).profile;
    tx.profiles().remove(profile);
    tx.profiles().lookAgain(profile.scope);
    const std::string before = profile.settings;
    profile.settings = "{}";
    tell(tx, profile, before, actor, "removed");
  });
}

void Profiles::tell(WriteTransaction& tx, const store::Profile& profile, const std::string& before,
                    const Actor& actor, const std::string& what) const {
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "agent";
  entry.actor = actor.name;
  entry.kind = "profile." + what;
  entry.text = what + " the profile " + profile.name + ", " + whereText(profile.scope) + ": " +
               differences(before, profile.settings);
  tx.events().record(profile.scope.client_id, profile.scope.agent_id, entry);
  tx.events().publish(profile.scope.client_id, "people", Json::object(), entry.at);
}

}  // namespace redflag::services
