#include "api/decision_views.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "settings/settable.h"

namespace redflag::api {
namespace {

using http::Permission;
using services::Drift;

constexpr const char* kNoProfile = "profile.not_found";
constexpr std::size_t kProfileBytes = 64U << 10;

const char* levelOf(const store::DecisionScope& scope) {
  if (scope.client_id.empty()) return "everything";
  if (!scope.agent_id.empty()) return "agent";
  if (!scope.group_id.empty()) return "group";
  return scope.site_id.empty() ? "client" : "site";
}

Json profileView(const store::Profile& profile) {
  const std::string problem = services::loadProfile(profile).problem;
  Json json = viewWithGroup(profile.scope);
  json.update({{"id", profile.id},
               {"name", profile.name},
               {"level", levelOf(profile.scope)},
               {"settings", problem.empty() ? parsedOr(profile.settings, Json::object()) : Json::object()},
               {"problem", textOrNull(problem)},
               {"created_at", timeOrNull(profile.created_at)},
               {"created_by", profile.created_by},
               {"changed_at", timeOrNull(profile.changed_at)},
               {"changed_by", profile.changed_by}});
  return json;
}

Json profileOrNull(const std::optional<store::Profile>& profile) {
  return profile ? profileView(*profile) : Json();
}

Json driftView(const services::DriftCounts& counts) {
  Json json = Json::object();
  for (const Drift drift : {Drift::kAsDesired, Drift::kPending, Drift::kRefused, Drift::kLocal,
                            Drift::kUnknown, Drift::kNotApplicable}) {
    const auto found = counts.find(drift);
    json[services::name(drift)] = found == counts.end() ? 0 : found->second;
  }
  return json;
}

Json sourceView(const services::Wished& wished) {
  return {{"value", wished.value},
          {"level", levelOf(wished.from.scope)},
          {"group_name", textOrNull(wished.from.scope.group_name)},
          {"profile_id", wished.from.id},
          {"profile_name", wished.from.name}};
}

store::Profile profileIn(const http::Request& request, bool with_scope, bool may_be_empty) {
  Body body(request, {kProfileBytes, 16, 5'000});
  JsonReader& in = body.in();
  store::Profile profile;
  profile.name = readName(in, "name");
  if (with_scope) profile.scope = readScopeOrGroup(in);
  const Json& settings = in.object("settings");
  body.finish();
  if (!may_be_empty && settings.empty())
    throw http::Problem{422, "profile.bad_settings", "expected at least one setting", "/settings"};
  services::requireSettable(settings, "/settings");
  profile.settings = dumpJson(settings);
  return profile;
}

Json reachView(const services::ProfileReach& reach) {
  Json values = Json::array();
  for (const auto& value : reach.values) {
    values.push_back({{"key", settings::dottedKey(value.key)},
                      {"before", value.before.value_or(Json())},
                      {"after", value.after.value_or(Json())},
                      {"drift", driftView(value.agents)}});
  }
  return {{"agents", reach.agents},
          {"refuse", reach.refuse},
          {"values", std::move(values)},
          {"refusing", reach.refusing}};
}

http::Response listProfiles(services::Services& services, const http::Request& request) {
  Json items = Json::array();
  for (const auto& one : services.profiles.list(actorOf(request)))
    items.push_back(profileView(one.profile));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response addProfile(services::Services& services, const http::Request& request) {
  const Query query(request, {"preview", "instead_of"});
  const bool preview = !query.choice("preview", {"1"}).empty();
  const std::string instead_of = query.id("instead_of");
  store::Profile profile = profileIn(request, instead_of.empty(), !instead_of.empty());
  if (!preview) {
    if (!instead_of.empty()) refuseParameter("instead_of", "preview=1 beside it");
    return http::jsonResponse(
        201, profileView(services.profiles.add(std::move(profile), actorOf(request)).profile));
  }
  profile.id = instead_of;
  return http::jsonResponse(200, reachView(services.profiles.preview(std::move(profile), actorOf(request))));
}

http::Response changeProfile(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoProfile);
  store::Profile profile = profileIn(request, false, false);
  profile.id = id;
  return http::jsonResponse(200, profileView(services.profiles.change(profile, actorOf(request)).profile));
}

http::Response removeProfile(services::Services& services, const http::Request& request) {
  services.profiles.remove(pathId(request, kNoProfile), actorOf(request));
  return nothingToSay();
}

http::Response showSchema(services::Services&, const http::Request&) {
  return http::jsonResponse(200, {{"schema", settings::settableSchema()}});
}

http::Response showPlace(services::Services& services, const http::Request& request) {
  const Query query(request, {"client_id", "site_id", "group_id"});
  store::DecisionScope place{query.id("client_id"), query.id("site_id"), ""};
  place.group_id = query.id("group_id");
  if (!place.site_id.empty() && !place.group_id.empty()) refuseParameter("group_id", "no site_id beside it");
  const auto at = services.profiles.at(place, actorOf(request));
  Json items = Json::array();
  for (const auto& [pointer, wished] : at.wished) {
    Json item = sourceView(wished);
    item["key"] = settings::dottedKey(wished.key);
    const auto counts = at.by_value.find(pointer);
    item["drift"] = driftView(counts == at.by_value.end() ? services::DriftCounts() : counts->second);
    items.push_back(std::move(item));
  }
  return http::jsonResponse(200, {{"profile", profileOrNull(at.own)},
                                  {"agents", at.agents},
                                  {"drift", driftView(at.by_agent)},
                                  {"items", std::move(items)}});
}

// One value: what is wished, what is told, or both.
Json valueView(const services::AgentView& agent, const std::string& pointer) {
  const Json::json_pointer key(pointer);
  const auto wished = agent.wished.find(pointer);
  Json item = {{"key", settings::dottedKey(key)}, {"wished", nullptr}};
  for (const char* of_wish : {"level", "group_name", "profile_id", "profile_name", "drift", "text"})
    item[of_wish] = nullptr;
  if (wished != agent.wished.end()) {
    const auto source = sourceView(wished->second);
    for (const char* of_wish : {"level", "group_name", "profile_id", "profile_name"})
      item[of_wish] = source[of_wish];
    item["wished"] = wished->second.value;
    const auto& judged = agent.judged.at(pointer);
    item["drift"] = services::name(judged.drift);
    item["text"] = textOrNull(judged.text);
  }
  const auto told = agent.told.of(key);
  item["value"] = told && told->value ? *told->value : Json();
  item["told"] = told && told->value.has_value();
  item["from"] = told ? Json(told->from) : Json();
  item["line"] = told && told->line > 0 ? Json(told->line) : Json();
  item["opened"] = agent.told.opened(key);
  return item;
}

http::Response showAgentSettings(services::Services& services, const http::Request& request) {
  const auto agent = services.profiles.ofAgent(pathId(request, "agent.not_found"), actorOf(request));
  std::set<std::string> pointers;
  std::vector<Drift> drifts;
  for (const auto& [pointer, wished] : agent.wished) {
    pointers.insert(pointer);
    drifts.push_back(agent.judged.at(pointer).drift);
  }
  for (const auto& [pointer, value] : agent.told.all())
    pointers.insert(pointer);
  Json items = Json::array();
  for (const auto& pointer : pointers)
    items.push_back(valueView(agent, pointer));
  return http::jsonResponse(
      200, {{"profile", profileOrNull(agent.own)},
            {"reported_at", timeOrNull(agent.row.reported_at)},
            {"drift", agent.wished.empty() ? Json() : Json(services::name(services::worst(drifts)))},
            {"command_id", textOrNull(agent.row.work.command_id)},
            {"items", std::move(items)}});
}

}  // namespace

void addProfileRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("GET", "/api/v1/profiles", Permission::kViewer, listProfiles);
  table.addWithQuery("POST", "/api/v1/profiles", Permission::kScopedAdmin, addProfile);
  table.addWithQuery("GET", "/api/v1/profiles/place", Permission::kViewer, showPlace);
  table.add("GET", "/api/v1/profiles/schema", Permission::kViewer, showSchema);
  table.add("PUT", "/api/v1/profiles/{id}", Permission::kScopedAdmin, changeProfile);
  table.add("DELETE", "/api/v1/profiles/{id}", Permission::kScopedAdmin, removeProfile);
  table.add("GET", "/api/v1/agents/{id}/settings", Permission::kViewer, showAgentSettings);
}

}  // namespace redflag::api
