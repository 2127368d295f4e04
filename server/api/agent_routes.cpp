#include "api/input.h"
#include "api/routes.h"
#include "base/encoding.h"
#include "protocol/limits.h"
#include "protocol/record_kinds.h"

namespace redflag::api {
namespace {

using http::Permission;

std::string readClean(JsonReader& in, const char* key, std::size_t max_bytes) {
  std::string value = in.text(key, max_bytes);
  if (!protocol::isCleanText(value)) in.refuse(key, "a text without control characters");
  return value;
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
  return http::jsonResponse(
      fresh ? 201 : 200,
      {{"agent_id", enrolled.agent_id}, {"client_id", enrolled.client_id}, {"site_id", enrolled.site_id}});
}

store::AgentKey agentOf(const http::Request& request) {
  return {request.principal.agent_id, request.principal.client_id, {}, request.principal.public_key};
}

http::Response upload(services::Services& services, const http::Request& request) {
  const auto answer = services.uploads.take(agentOf(request), request.body);
  if (answer.settle) services.upkeep.wake();
  Json rejected = Json::array();
  for (const auto& item : answer.rejected) {
    rejected.push_back({{"id", item.id}, {"code", item.code}, {"text", item.text}});
  }
  return http::jsonResponse(200, {{"acknowledged", answer.acknowledged}, {"rejected", std::move(rejected)}});
}

http::Response fetch(services::Services& services, const http::Request& request) {
  Body body(request);
  body.finish();
  services.presence.seen(request.principal.agent_id);
  return http::jsonResponse(200, {{"commands", services.orders.fetch(agentOf(request))}});
}

}  // namespace

std::vector<http::Route> agentRoutes(services::Services& services) {
  std::vector<http::Route> routes;
  const auto add = [&](const char* path, Permission permission, std::size_t limit, auto handler) {
    routes.push_back({.method = "POST",
                      .path = path,
                      .permission = permission,
                      .body_limit = limit,
                      .handler = [&services, handler](const http::Request& request) {
                        return handler(services, request);
                      }});
  };
  add("/agent/v1/enroll", Permission::kEnrolling, 8U << 10, enrol);
  add("/agent/v1/upload", Permission::kAgent, protocol::kMaxUploadBytes, upload);
  add("/agent/v1/commands/fetch", Permission::kAgent, 1U << 10, fetch);
  return routes;
}

std::vector<http::Route> apiRoutes(services::Services& services) {
  std::vector<http::Route> routes;
  addOverviewRoutes(services, routes);
  addAgentRoutes(services, routes);
  addUpdateRoutes(services, routes);
  addCommandRoutes(services, routes);
  addEnrolmentRoutes(services, routes);
  addPlaceRoutes(services, routes);
  return routes;
}

}  // namespace redflag::api
