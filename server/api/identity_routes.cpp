#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr std::size_t kMaxAtOnce = 1000;

services::Decision decisionIn(JsonReader& in, const http::Request& request) {
  return {readWhy(in, "reason"), actorOf(request)};
}

http::Response accept(services::Services& services, const http::Request& request) {
  const std::string id = pathId(request, "agent.not_found");
  Body body(request);
  const std::string document = body.in().optionalText("document", 26);
  const auto decision = decisionIn(body.in(), request);
  body.finish();
  services.decisions.accept(id, document, decision);
  return nothingToSay();
}

http::Response acceptRestored(services::Services& services, const http::Request& request) {
  Body body(request);
  const auto ids = body.in().texts("agent_ids", kMaxAtOnce);
  if (ids.empty()) body.in().refuse("agent_ids", "at least one id");
  const auto decision = decisionIn(body.in(), request);
  body.finish();
  return http::jsonResponse(200, {{"skipped", services.decisions.acceptRestored(ids, decision)}});
}

http::Response revokeAgent(services::Services& services, const http::Request& request) {
  const std::string id = pathId(request, "agent.not_found");
  Body body(request);
  const auto decision = decisionIn(body.in(), request);
  body.finish();
  services.decisions.revoke(id, decision);
  return nothingToSay();
}

}  // namespace

void addIdentityRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("POST", "/api/v1/agents/{id}/accept", Permission::kApprover, accept);
  table.add("POST", "/api/v1/agents/accept", Permission::kApprover, acceptRestored);
  table.add("POST", "/api/v1/agents/{id}/revoke", Permission::kScopedAdmin, revokeAgent).needs_proof = true;
}

}  // namespace redflag::api
