#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/encoding.h"

namespace redflag::api {
namespace {

using http::Permission;
using services::Groups;

constexpr const char* kNoGroup = "group.not_found";
constexpr std::size_t kGroupBytes = 256U << 10;  // with all its members' ids

Json groupSummary(const store::AgentGroup& group) {
  return {{"id", group.id},
          {"client_id", group.client_id},
          {"client_name", group.client_name},
          {"name", group.name},
          {"agents", group.agents},
          {"created_at", timeOrNull(group.created_at)},
          {"created_by", group.created_by},
          {"changed_at", timeOrNull(group.changed_at)},
          {"changed_by", group.changed_by}};
}

Json groupDetail(const services::GroupView& view) {
  Json json = groupSummary(view.group);
  json["members"] = Json::array();
  for (const auto& member : view.members) {
    json["members"].push_back({{"agent_id", member.agent_id},
                               {"hostname", member.hostname},
                               {"site_id", member.site_id},
                               {"site_name", member.site_name}});
  }
  return json;
}

// `with_client`: of one that is there already the client stays.
services::GroupWish groupWishIn(const http::Request& request, bool with_client) {
  Body body(request);
  JsonReader& in = body.in();
  services::GroupWish wish;
  if (with_client) {
    wish.client_id = in.text("client_id", 26);
    if (!isId(wish.client_id)) in.refuse("client_id", "an id");
  }
  wish.name = readName(in, "name");
  if (const Json* agents = in.find("agent_ids")) {
    const bool none = agents->is_array() && agents->empty();
    wish.agent_ids = none ? std::vector<std::string>() : readIds(in, "agent_ids", Groups::kMostMembers);
  }
  body.finish();
  return wish;
}

http::Response listGroups(services::Services& services, const http::Request& request) {
  Json items = Json::array();
  for (const auto& group : services.groups.list(actorOf(request)))
    items.push_back(groupSummary(group));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response showGroup(services::Services& services, const http::Request& request) {
  return http::jsonResponse(200,
                            groupDetail(services.groups.find(pathId(request, kNoGroup), actorOf(request))));
}

http::Response addGroup(services::Services& services, const http::Request& request) {
  return http::jsonResponse(201,
                            groupDetail(services.groups.add(groupWishIn(request, true), actorOf(request))));
}

http::Response changeGroup(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoGroup);
  const auto view = services.groups.change(id, groupWishIn(request, false), actorOf(request));
  services.upkeep.wake();
  return http::jsonResponse(200, groupDetail(view));
}

http::Response removeGroup(services::Services& services, const http::Request& request) {
  services.groups.remove(pathId(request, kNoGroup), actorOf(request));
  services.upkeep.wake();
  return nothingToSay();
}

}  // namespace

void addGroupRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("GET", "/api/v1/groups", Permission::kViewer, listGroups);
  table.add("GET", "/api/v1/groups/{id}", Permission::kViewer, showGroup);
  // Who is in a group decides when it may be changed: as a window (window_routes.cpp).
  const auto add = [&](const char* method, const char* path, RouteTable::Handler handler) {
    http::Route& route = table.add(method, path, Permission::kApprover, std::move(handler));
    route.needs_proof = route.token_is_proof = true;
    route.body_limit = kGroupBytes;
  };
  add("POST", "/api/v1/groups", addGroup);
  add("PUT", "/api/v1/groups/{id}", changeGroup);
  add("DELETE", "/api/v1/groups/{id}", removeGroup);
}

}  // namespace redflag::api
