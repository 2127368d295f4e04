#include <set>

#include "api/input.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kPerson = "person";
constexpr const char* kService = "service";
constexpr const char* kNoUser = "user.not_found";
constexpr const char* kNoService = "service_account.not_found";
constexpr std::size_t kMaxGrants = 500;
constexpr std::size_t kMaxPassword = 1024;
constexpr std::int64_t kShortest_s = 60;
constexpr std::int64_t kLongest_s = 366LL * 86'400;

// At least one; each place once.
http::Grants grantsIn(const Json& list) {
  std::vector<http::Grant> grants;
  std::set<std::pair<std::string, std::string>> places;
  const auto refuse = [](const std::string& expected) {
    throw http::Problem{400, "request.invalid", "body.grants: expected " + expected, "/grants"};
  };
  for (const Json& item : list) {
    if (!item.is_object()) refuse("a list of grants");
    JsonReader in(item, "body.grants");
    const http::Grant grant{in.text("role", 16), in.optionalText("client_id", 26),
                            in.optionalText("site_id", 26)};
    if (auto ok = in.finish(); !ok) throw http::Problem{400, "request.invalid", ok.error().text, "/grants"};
    if (!http::atLeast(grant.role, "viewer")) refuse("a role: viewer, technician, approver or admin");
    if (!grant.site_id.empty() && grant.client_id.empty()) refuse("the client of a site");
    if (!places.emplace(grant.client_id, grant.site_id).second) refuse("one role for each place");
    grants.push_back(grant);
  }
  if (grants.empty()) refuse("at least one grant");
  return http::Grants(std::move(grants));
}

Json accountView(const store::Account& account, const char* name) {
  return {{"id", account.id},
          {name, account.name},
          {"grants", http::toJson(account.grants)},
          {"disabled", account.disabled},
          {"created_at", timeOrNull(account.created_at)},
          {"last_used_at", timeOrNull(account.last_used_at)}};
}

Json tokenView(const store::ApiToken& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"created_at", timeOrNull(token.created_at)},
          {"created_by", token.created_by},
          {"expires_at", timeOrNull(token.expires_at)},
          {"revoked", token.revoked_at != 0},
          {"ended", token.ended},
          {"last_used_at", timeOrNull(token.last_used_at)}};
}

Json userView(services::Services&, const store::Account& account) {
  return accountView(account, "username");
}

Json serviceView(services::Services& services, const store::Account& account) {
  Json json = accountView(account, "name");
  json["tokens"] = Json::array();
  for (const auto& token : services.users.tokens(account.id))
    json["tokens"].push_back(tokenView(token));
  return json;
}

// What the two kinds of accounts have in common.
struct Kind {
  const char* kind;
  const char* not_found;
  Json (*view)(services::Services&, const store::Account&);
};
constexpr Kind kUsers{kPerson, kNoUser, userView};
constexpr Kind kServices{kService, kNoService, serviceView};

http::Response list(services::Services& services, const Kind& kind, const http::Request& request) {
  Json items = Json::array();
  for (const auto& account : services.users.list(kind.kind, actorOf(request)))
    items.push_back(kind.view(services, account));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response change(services::Services& services, const Kind& kind, const http::Request& request) {
  const std::string& id = pathId(request, kind.not_found);
  Body body(request);
  services::AccountChange change;
  if (body.in().find("grants") != nullptr) change.grants = grantsIn(body.in().array("grants", kMaxGrants));
  if (body.in().find("disabled") != nullptr) change.disabled = body.in().boolean("disabled");
  body.finish();
  return http::jsonResponse(
      200, kind.view(services, services.users.change(kind.kind, id, change, actorOf(request))));
}

http::Response remove(services::Services& services, const Kind& kind, const http::Request& request) {
  services.users.remove(kind.kind, pathId(request, kind.not_found), actorOf(request));
  return nothingToSay();
}

http::Response addUser(services::Services& services, auth::Passwords& passwords,
                       const http::Request& request) {
  Body body(request);
  const std::string username = body.in().text("username", kMaxPassword);
  const std::string password = body.in().text("password", kMaxPassword);
  const Json& grants = body.in().array("grants", kMaxGrants);
  body.finish();
  const std::string name = auth::Passwords::normalName(username);
  auth::Passwords::checkNew(password);
  const auto account =
      services.users.add(kPerson, name, passwords.hash(password), grantsIn(grants), actorOf(request));
  return http::jsonResponse(201, userView(services, account));
}

http::Response setPassword(services::Services& services, auth::Passwords& passwords,
                           const http::Request& request) {
  const std::string& id = pathId(request, kNoUser);
  Body body(request);
  const std::string password = body.in().text("password", kMaxPassword);
  body.finish();
  auth::Passwords::checkNew(password);
  services.users.find(kPerson, id, actorOf(request));
  services.users.setPassword(id, passwords.hash(password), actorOf(request));
  return nothingToSay();
}

http::Response addService(services::Services& services, const http::Request& request) {
  Body body(request);
  const std::string name = body.in().text("name", kMaxPassword);
  const Json& grants = body.in().array("grants", kMaxGrants);
  body.finish();
  const auto account =
      services.users.add(kService, auth::Passwords::normalName(name), "", grantsIn(grants), actorOf(request));
  return http::jsonResponse(201, serviceView(services, account));
}

http::Response addToken(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoService);
  Body body(request);
  const std::string name = readName(body.in(), "name");
  const std::int64_t expires_in_s = body.in().integer("expires_in_s", kShortest_s, kLongest_s);
  body.finish();
  const auto made = services.users.addToken(id, name, expires_in_s, actorOf(request));
  Json json = tokenView(made.token);
  json["token"] = made.secret;
  return http::jsonResponse(201, json);
}

http::Response revokeToken(services::Services& services, const http::Request& request) {
  services.users.revokeToken(pathId(request, "api_token.not_found"), actorOf(request));
  return nothingToSay();
}

}  // namespace

std::vector<http::Route> accountRoutes(services::Services& services, auth::Passwords& passwords) {
  std::vector<http::Route> routes;
  const auto add = [&](const char* method, const std::string& path, http::Handler handler) {
    routes.push_back({.method = method,
                      .path = path,
                      .permission = Permission::kScopedAdmin,
                      .handler = [handler = std::move(handler)](const http::Request& request) {
                        const Query none(request, {});
                        return handler(request);
                      }});
  };
  // What gives somebody rights, or lets somebody in: a stolen session alone must not.
  const auto addProven = [&](const char* method, const std::string& path, http::Handler handler) {
    add(method, path, std::move(handler));
    routes.back().needs_proof = true;
  };
  const auto common = [&](const std::string& path, const Kind& kind) {
    add("GET", path, [&services, kind](const auto& asked) { return list(services, kind, asked); });
    addProven("PATCH", path + "/{id}",
              [&services, kind](const auto& asked) { return change(services, kind, asked); });
    addProven("DELETE", path + "/{id}",
              [&services, kind](const auto& asked) { return remove(services, kind, asked); });
  };
  common("/api/v1/users", kUsers);
  addProven("POST", "/api/v1/users",
            [&services, &passwords](const auto& asked) { return addUser(services, passwords, asked); });
  addProven("PUT", "/api/v1/users/{id}/password",
            [&services, &passwords](const auto& asked) { return setPassword(services, passwords, asked); });
  common("/api/v1/service-accounts", kServices);
  add("POST", "/api/v1/service-accounts",
      [&services](const auto& asked) { return addService(services, asked); });
  addProven("POST", "/api/v1/service-accounts/{id}/tokens",
            [&services](const auto& asked) { return addToken(services, asked); });
  add("DELETE", "/api/v1/api-tokens/{id}",
      [&services](const auto& asked) { return revokeToken(services, asked); });
  return routes;
}

}  // namespace redflag::api
