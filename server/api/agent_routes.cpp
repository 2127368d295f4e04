#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "protocol/handed_trust.h"
#include "protocol/limits.h"
#include "protocol/record_kinds.h"
#include "protocol/state_document.h"
#include "services/handed_trust.h"
#include "services/key_rotation.h"

namespace redflag::api {
namespace {

using http::Permission;

std::string readClean(JsonReader& in, const char* key, std::size_t max_bytes) {
  std::string value = in.text(key, max_bytes);
  if (!protocol::isCleanText(value)) in.refuse(key, "a text without control characters");
  return value;
}

Json credentialsView(const services::Credentials& credentials) {
  return {{"access_token", credentials.access_token},
          {"expires_in_s", credentials.expires_in_s},
          {"refresh_token", toBase64Url(credentials.refresh_token)}};
}

http::Response enrol(services::Services& services, const http::Request& request) {
  Body body(request);
  JsonReader& in = body.in();
  store::NewAgent agent;
  const std::string token = in.text("token", 128);
  const auto key = fromBase64Url(in.text("public_key", 64));
  // The signature has proven this key; another one in the body was proven by nobody.
  if (!key || !equalSecrets(*key, request.principal.public_key))
    in.refuse("public_key", "the key that signed the request");
  agent.public_key = request.principal.public_key;
  agent.hostname = readClean(in, "hostname", 255);
  if (agent.hostname.empty()) in.refuse("hostname", "a name");
  agent.agent_version = readClean(in, "agent_version", 64);
  agent.mode = in.text("mode", 16);
  if (agent.mode != "report" && agent.mode != "act") in.refuse("mode", "report or act");
  agent.platform = readClean(in, "platform", 64);
  JsonReader machine(in.object("machine"), "body.machine");
  agent.os_name = readClean(machine, "os_name", 200);
  agent.os_version = readClean(machine, "os_version", 200);
  if (auto ok = machine.finish(); !ok)
    throw http::Problem{400, "request.invalid", ok.error().text, "/machine"};
  body.finish();
  const auto [enrolled, fresh] = services.enrolment.enrol(agent, token, request.peer);
  Json answer = {
      {"agent_id", enrolled.agent_id}, {"client_id", enrolled.client_id}, {"site_id", enrolled.site_id}};
  if (const auto credentials = services.access.first(enrolled)) answer.update(credentialsView(*credentials));
  return http::jsonResponse(fresh ? 201 : 200, answer);
}

store::AgentKey agentOf(const http::Request& request) {
  store::AgentKey agent{
      request.principal.agent_id, request.principal.client_id, {}, request.principal.public_key};
  agent.standing.state = request.principal.agent_state;
  return agent;
}

http::Response renew(services::Services& services, const http::Request& request) {
  Body body(request);
  const auto token = fromBase64Url(body.in().text("refresh_token", 64));
  if (!token || token->size() != protocol::kRefreshTokenBytes)
    body.in().refuse("refresh_token", "32 bytes in base64url");
  const Json document = body.in().object("document");
  body.finish();
  return http::jsonResponse(
      200, credentialsView(services.access.renew(agentOf(request), {*token, document}, request.peer)));
}

http::Response handOverKey(services::Services& services, const http::Request& request) {
  Body body(request);
  const Json handover = body.in().object("handover");
  body.finish();
  services::takeKeyHandover(services.context(), services.access, agentOf(request), handover, request.peer);
  return http::jsonResponse(200, Json::object());
}

http::Response upload(services::Services& services, const http::Request& request) {
  const auto answer = services.uploads.take(agentOf(request), request.body);
  if (answer.settle) services.upkeep.wake();
  Json rejected = Json::array();
  for (const auto& item : answer.rejected) {
    rejected.push_back({{"id", item.id}, {"code", item.code}, {"text", item.text}});
  }
  Json json = {{"acknowledged", answer.acknowledged}, {"rejected", std::move(rejected)}};
  if (answer.part) json["parts"] = Json::array({{{"id", answer.part->id}, {"next", answer.part->next}}});
  return http::jsonResponse(200, json);
}

http::Response fetch(services::Services& services, const http::Request& request) {
  Body body(request);
  body.finish();
  services.presence.seen(request.principal.agent_id);
  const store::AgentKey agent = agentOf(request);
  Json answer = {{"commands", services.orders.fetch(agent)}};
  if (agent.standing.state != "active") {
    const auto standing =
        services.store().read([&](const store::ReadTransaction& tx) { return tx.agents().standing(agent); });
    answer["held"] = {{"state", standing.state}, {"reason", standing.reason}};
  }
  return http::jsonResponse(200, answer);
}

// {"metadata":{name: text…},"content":text}, as CommandTrust::files() of the agent has it.
http::Response takeTrust(services::Services& services, const http::Request& request) {
  Body body(request, {.bytes = protocol::kMaxHandedTrustBytes, .depth = 4, .values = 2'000});
  const Json files = {{"metadata", body.in().object("metadata")},
                      {"content", body.in().text("content", protocol::kMaxHandedTrustBytes)}};
  body.finish();
  const bool newer = services::takeHandedTrust(services.context(), agentOf(request), files);
  return http::jsonResponse(200, {{"newer", newer}});
}

}  // namespace

std::vector<http::Route> agentRoutes(services::Services& services) {
  std::vector<http::Route> routes;
  RouteTable table(services, routes);
  table.add("POST", "/agent/v1/enroll", Permission::kEnrolling, enrol).body_limit = 8U << 10;
  table.add("POST", "/agent/v1/token", Permission::kRenewing, renew).body_limit = 4U << 10;
  table.add("POST", "/agent/v1/key", Permission::kRenewing, handOverKey).body_limit = 4U << 10;
  table.add("POST", "/agent/v1/upload", Permission::kAgent, upload).body_limit = protocol::kMaxUploadBytes;
  table.add("POST", "/agent/v1/trust", Permission::kAgent, takeTrust).body_limit =
      protocol::kMaxHandedTrustBytes;
  table.add("POST", "/agent/v1/commands/fetch", Permission::kAgent, fetch).body_limit = 1U << 10;
  return routes;
}

std::vector<http::Route> apiRoutes(services::Services& services) {
  std::vector<http::Route> routes;
  addOverviewRoutes(services, routes);
  addAgentRoutes(services, routes);
  addIdentityRoutes(services, routes);
  addUpdateRoutes(services, routes);
  addCommandRoutes(services, routes);
  addEnrolmentRoutes(services, routes);
  addPlaceRoutes(services, routes);
  addGroupRoutes(services, routes);
  addWindowRoutes(services, routes);
  addProfileRoutes(services, routes);
  addScheduleRoutes(services, routes);
  addIgnoreRoutes(services, routes);
  addPolicyRoutes(services, routes);
  addAuditRoutes(services, routes);
  addSecondPersonRoutes(services, routes);
  addErrorRoutes(services, routes);
  addSecurityRoutes(services, routes);
  return routes;
}

}  // namespace redflag::api
