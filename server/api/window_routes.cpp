#include "api/decision_views.h"
#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/encoding.h"

namespace redflag::api {
namespace {

using http::Permission;
using services::Windows;

constexpr const char* kNoWindow = "window.not_found";
constexpr std::size_t kMostOpenings = 50;
constexpr std::int64_t kUsualNoticeMinutes = 60;

Json spanView(const calendar::Span& span) {
  return {{"opens_at", toRfc3339(span.opens_at)}, {"closes_at", toRfc3339(span.closes_at)}};
}

Json spansView(const std::vector<calendar::Span>& spans) {
  Json items = Json::array();
  for (const auto& span : spans)
    items.push_back(spanView(span));
  return items;
}

Json windowView(const store::MaintenanceWindow& window) {
  const auto rule = services::storedRule(window.rule);
  Json json = {{"id", window.id},
               {"name", window.name},
               {"rule", rule ? calendar::toJson(*rule) : Json()},
               {"when", services::spokenRule(window.rule)},
               {"length_minutes", window.length_s / 60},
               {"notice_minutes", window.notice_s / 60},
               {"created_at", timeOrNull(window.created_at)},
               {"created_by", window.created_by},
               {"changed_at", timeOrNull(window.changed_at)},
               {"changed_by", window.changed_by}};
  json.update(viewWithGroup(window.scope));
  return json;
}

// A client, or one of what a client has.
store::DecisionScope windowScopeIn(JsonReader& in) {
  store::DecisionScope scope = readScopeOrGroup(in);
  if (scope.client_id.empty() && scope.site_id.empty() && scope.group_id.empty() && scope.agent_id.empty())
    in.refuse("client_id", "the client, the site, the group or the agent that the window is for");
  return scope;
}

// `with_scope`: of one that is there already the scope stays.
services::WindowWish windowWishIn(const http::Request& request, bool with_scope) {
  Body body(request);
  JsonReader& in = body.in();
  services::WindowWish wish;
  wish.name = readName(in, "name");
  if (with_scope) wish.scope = windowScopeIn(in);
  const Json& rule = in.object("rule");
  wish.length_s = 60 * in.integer("length_minutes", Windows::kLeastLengthS / 60, Windows::kMostLengthS / 60);
  wish.notice_s =
      60 * in.optionalInteger("notice_minutes", 0, Windows::kMostNoticeS / 60, kUsualNoticeMinutes);
  body.finish();
  JsonReader of(rule, "body.rule");
  wish.rule = calendar::readRule(of);
  finish(of);
  return wish;
}

Json windowsView(const std::vector<store::MaintenanceWindow>& windows) {
  Json items = Json::array();
  for (const auto& window : windows)
    items.push_back(windowView(window));
  return items;
}

http::Response listWindows(services::Services& services, const http::Request& request) {
  return http::jsonResponse(200, {{"items", windowsView(services.windows.list(actorOf(request)))}});
}

http::Response previewWindow(services::Services& services, const http::Request& request) {
  const Query query(request, {"openings"});
  const std::size_t openings = query.number("openings", 1, kMostOpenings, 5);
  Json zones = Json::array();
  for (const auto& zone : services.windows.preview(windowWishIn(request, true), openings, actorOf(request))) {
    zones.push_back({{"time_zone", zone.time_zone},
                     {"sites", zone.sites},
                     {"agents", zone.agents},
                     {"problem", textOrNull(zone.problem)},
                     {"next", spansView(zone.next)}});
  }
  return http::jsonResponse(200, {{"zones", std::move(zones)}});
}

http::Response addWindow(services::Services& services, const http::Request& request) {
  const auto window = services.windows.add(windowWishIn(request, true), actorOf(request));
  services.upkeep.wake();
  return http::jsonResponse(201, windowView(window));
}

http::Response changeWindow(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoWindow);
  const auto window = services.windows.change(id, windowWishIn(request, false), actorOf(request));
  services.upkeep.wake();
  return http::jsonResponse(200, windowView(window));
}

http::Response removeWindow(services::Services& services, const http::Request& request) {
  services.windows.remove(pathId(request, kNoWindow), actorOf(request));
  services.upkeep.wake();
  return nothingToSay();
}

http::Response inForceResponse(const services::Services& services, const services::WindowsInForce& in) {
  const bool open = !in.next.empty() && in.next.front().opens_at <= services.context().now();
  return http::jsonResponse(200, {{"from", in.place.empty() ? Json() : Json(in.place.level())},
                                  {"time_zone", in.place.at().time_zone},
                                  {"items", windowsView(in.place.at().windows)},
                                  {"narrower", windowsView(in.narrower)},
                                  {"open", in.place.empty() || open},
                                  {"next", spansView(in.next)}});
}

http::Response windowsOfSite(services::Services& services, const http::Request& request) {
  const Query query(request, {"openings"});
  const std::size_t openings = query.number("openings", 1, kMostOpenings, 5);
  return inForceResponse(
      services, services.windows.inForce(pathId(request, "site.not_found"), openings, actorOf(request)));
}

http::Response windowsOfAgent(services::Services& services, const http::Request& request) {
  const Query query(request, {"openings"});
  const std::size_t openings = query.number("openings", 1, kMostOpenings, 5);
  return inForceResponse(
      services, services.windows.inForceFor(pathId(request, "agent.not_found"), openings, actorOf(request)));
}

}  // namespace

Json windowOfAgent(const store::ReadTransaction& tx, const store::Agent& agent, std::int64_t now) {
  const auto place = services::PlaceWindows::of(tx, {agent.client.id, agent.site.id, agent.id});
  if (place.empty()) return nullptr;
  const auto spans = place.spansFrom(now, 1);
  Json json = {{"from", place.level()},
               {"place", place.placeText()},
               {"time_zone", place.at().time_zone},
               {"open", !spans.empty() && spans.front().opens_at <= now},
               {"name", nullptr},
               {"opens_at", nullptr},
               {"closes_at", nullptr}};
  if (spans.empty()) return json;
  const store::MaintenanceWindow& window = place.windowOf(spans.front());
  json["name"] = window.name;
  json["place"] = services::holderText(window.scope);
  json.update(spanView(spans.front()));
  return json;
}

void addWindowRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("GET", "/api/v1/maintenance-windows", Permission::kViewer, listWindows);
  table.addWithQuery("POST", "/api/v1/maintenance-windows/preview", Permission::kApprover, previewWindow);
  // Whoever changes when machines may be changed may change them now.
  const auto add = [&](const char* method, const char* path, RouteTable::Handler handler) {
    http::Route& route = table.add(method, path, Permission::kApprover, std::move(handler));
    route.needs_proof = route.token_is_proof = true;
  };
  add("POST", "/api/v1/maintenance-windows", addWindow);
  add("PUT", "/api/v1/maintenance-windows/{id}", changeWindow);
  add("DELETE", "/api/v1/maintenance-windows/{id}", removeWindow);
  table.addWithQuery("GET", "/api/v1/sites/{id}/maintenance-windows", Permission::kViewer, windowsOfSite);
  table.addWithQuery("GET", "/api/v1/agents/{id}/maintenance-windows", Permission::kViewer, windowsOfAgent);
}

}  // namespace redflag::api
