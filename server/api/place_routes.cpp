#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoClient = "client.not_found";
constexpr const char* kNoSite = "site.not_found";

Json placeView(const store::Place& site) {
  return {{"id", site.id}, {"name", site.name}, {"agents", site.agents}, {"time_zone", site.time_zone}};
}

Json clientView(const store::Client& client) {
  Json sites = Json::array();
  for (const auto& site : client.sites)
    sites.push_back(placeView(site));
  return {{"id", client.id}, {"name", client.name}, {"sites", std::move(sites)}};
}

std::string nameIn(const http::Request& request) {
  Body body(request);
  std::string name = readName(body.in(), "name");
  body.finish();
  return name;
}

http::Response listClients(services::Services& services, const http::Request& request) {
  Json items = Json::array();
  for (const auto& client : services.places.list(actorOf(request)))
    items.push_back(clientView(client));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response addClient(services::Services& services, const http::Request& request) {
  return http::jsonResponse(201, clientView(services.places.addClient(nameIn(request), actorOf(request))));
}

http::Response renameClient(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoClient);
  return http::jsonResponse(200,
                            clientView(services.places.renameClient(id, nameIn(request), actorOf(request))));
}

http::Response removeClient(services::Services& services, const http::Request& request) {
  services.places.removeClient(pathId(request, kNoClient), actorOf(request));
  return nothingToSay();
}

http::Response addSite(services::Services& services, const http::Request& request) {
  const std::string& client_id = pathId(request, kNoClient);
  return http::jsonResponse(201,
                            placeView(services.places.addSite(client_id, nameIn(request), actorOf(request))));
}

http::Response renameSite(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoSite);
  return http::jsonResponse(200,
                            placeView(services.places.renameSite(id, nameIn(request), actorOf(request))));
}

http::Response setTimeZone(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoSite);
  Body body(request);
  const std::string time_zone = body.in().text("time_zone", 64);
  body.finish();
  return http::jsonResponse(200, placeView(services.places.setTimeZone(id, time_zone, actorOf(request))));
}

http::Response removeSite(services::Services& services, const http::Request& request) {
  services.places.removeSite(pathId(request, kNoSite), actorOf(request));
  return nothingToSay();
}

http::Response moveAgent(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, "agent.not_found");
  Body body(request);
  const std::string site_id = body.in().text("site_id", 26);
  body.finish();
  return http::jsonResponse(200, view(services.places.move(id, site_id, actorOf(request))));
}

}  // namespace

void addPlaceRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("GET", "/api/v1/clients", Permission::kViewer, listClients);
  table.add("POST", "/api/v1/clients", Permission::kAdmin, addClient);
  table.add("PATCH", "/api/v1/clients/{id}", Permission::kAdmin, renameClient);
  table.add("DELETE", "/api/v1/clients/{id}", Permission::kAdmin, removeClient);
  table.add("POST", "/api/v1/clients/{id}/sites", Permission::kScopedAdmin, addSite);
  table.add("PATCH", "/api/v1/sites/{id}", Permission::kScopedAdmin, renameSite);
  table.add("PUT", "/api/v1/sites/{id}/time-zone", Permission::kScopedAdmin, setTimeZone);
  table.add("DELETE", "/api/v1/sites/{id}", Permission::kScopedAdmin, removeSite);
  table.add("PUT", "/api/v1/agents/{id}/site", Permission::kScopedAdmin, moveAgent);
}

}  // namespace redflag::api
