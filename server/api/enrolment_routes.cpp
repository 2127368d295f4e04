#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr std::int64_t kMaxSeats = 100'000;
constexpr std::int64_t kMinute_s = 60;
constexpr std::int64_t kRebindFor_s = 86'400;
constexpr std::int64_t kYear_s = 366LL * 86'400;

http::Response make(services::Services& services, const http::Request& request) {
  Body body(request);
  const std::int64_t seats = body.in().integer("seats", 1, kMaxSeats);
  const std::int64_t expires_in_s = body.in().integer("expires_in_s", kMinute_s, kYear_s);
  const std::string site_id = body.in().optionalText("site_id", 26);
  const std::string accept = body.in().optionalText("accept", 16);
  if (!accept.empty() && accept != "auto" && accept != "manual") body.in().refuse("accept", "auto or manual");
  body.finish();
  const auto made = services.enrolment.makeToken(seats, expires_in_s, site_id, actorOf(request), accept);
  return http::jsonResponse(201, {{"id", made.token.id},
                                  {"bundle", made.bundle},
                                  {"expires_at", timeOrNull(made.token.expires_at)},
                                  {"seats", made.token.seats},
                                  {"accept", made.token.accept}});
}

// For a machine that cannot open its key any more.
http::Response rebind(services::Services& services, const http::Request& request) {
  Body body(request);
  const std::string reason = readWhy(body.in(), "reason");
  body.finish();
  const auto made =
      services.enrolment.rebind(pathId(request, "agent.not_found"), reason, kRebindFor_s, actorOf(request));
  return http::jsonResponse(
      201,
      {{"id", made.token.id}, {"bundle", made.bundle}, {"expires_at", timeOrNull(made.token.expires_at)}});
}

http::Response listTokens(services::Services& services, const http::Request& request) {
  Json items = Json::array();
  for (const auto& token : services.enrolment.tokens(actorOf(request))) {
    items.push_back({{"id", token.id},
                     {"created_at", timeOrNull(token.created_at)},
                     {"expires_at", timeOrNull(token.expires_at)},
                     {"seats", token.seats},
                     {"seats_used", token.seats_used},
                     {"accept", token.accept},
                     {"revoked", token.revoked},
                     {"rebinds", token.rebinds.empty() ? Json() : Json(token.rebinds)}});
  }
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response revoke(services::Services& services, const http::Request& request) {
  services.enrolment.revokeToken(pathId(request, "enrolment.not_found"), actorOf(request));
  return nothingToSay();
}

}  // namespace

void addEnrolmentRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("POST", "/api/v1/enrolment-tokens", Permission::kScopedAdmin, make);
  table.add("GET", "/api/v1/enrolment-tokens", Permission::kScopedAdmin, listTokens);
  // Whoever enrols with it is that agent from then on.
  table.add("POST", "/api/v1/agents/{id}/rebind", Permission::kScopedAdmin, rebind).needs_proof = true;
  table.add("DELETE", "/api/v1/enrolment-tokens/{id}", Permission::kScopedAdmin, revoke);
}

}  // namespace redflag::api
