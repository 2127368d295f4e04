#include "auth/people_routes.h"

#include "base/encoding.h"

namespace redflag::auth {
namespace {

using http::Permission;
using http::Problem;
using http::Request;
using http::Response;

constexpr std::size_t kBodyLimit = 8U << 10;
constexpr std::size_t kMaxText = 1024;

std::string header(const Request& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

Json parseBody(const Request& request) {
  JsonLimits limits;
  limits.bytes = kBodyLimit;
  limits.depth = 2;
  limits.values = 16;
  auto body = parseJson(request.body, limits);
  if (!body) throw Problem{400, "request.body", body.error().text};
  return std::move(*body);
}

void finish(JsonReader& in) {
  if (const auto read = in.finish(); !read) throw Problem{400, "request.body", read.error().text};
}

Json sessionJson(const std::string& user_id, const std::string& username, const http::Grants& grants,
                 const std::string& csrf_token) {
  return {{"user",
           {{"id", user_id}, {"username", username}, {"role", grants.highest()}, {"grants", toJson(grants)}}},
          {"csrf_token", csrf_token}};
}

Response signedIn(const People& people, const Request& request, const User& user, int status) {
  const Sessions::Begun begun = people.sessions.begin(user, header(request, "cookie"));
  Response out =
      http::jsonResponse(status, sessionJson(user.id, user.username, user.grants, begun.csrf_token));
  out.headers.emplace_back("Set-Cookie", begun.cookie);
  out.headers.emplace_back("Set-Cookie", people.devices.cookieFor(user.username));
  return out;
}

bool isRight(const People& people, const std::optional<User>& user, const std::string& password,
             SignInThrottle::Attempt& attempt) {
  bool right = false;
  try {
    right = people.passwords.verify(password,
                                    user ? std::optional<std::string>(user->password_hash) : std::nullopt);
  } catch (const Problem&) {  // too busy to look: nothing was tried
    attempt.forgive();
    throw;
  }
  if (right) attempt.forgive();
  return right;
}

Response signIn(const People& people, const Request& request) {
  const Json body = parseBody(request);
  JsonReader in(body, "body");
  const std::string name = Passwords::normalName(in.text("username", kMaxText));
  const std::string password = in.text("password", kMaxText);
  finish(in);
  auto attempt =
      people.throttle.attempt(name, request.peer, people.devices.deviceOf(header(request, "cookie"), name));
  const auto user = people.users.findUser(name);
  if (!isRight(people, user, password, attempt)) {
    throw Problem{401, "sign_in.failed", "the name or the password is wrong"};
  }
  return signedIn(people, request, *user, 200);
}

Response whoAmI(const People& people, const Request& request) {
  const auto& me = request.principal;
  return http::jsonResponse(200, sessionJson(me.user_id, me.username, me.grants,
                                             people.sessions.csrfToken(header(request, "cookie"))));
}

// A service account has neither a session nor a password of its own.
void requireSession(const Request& request) {
  if (request.principal.session_id.empty())
    throw Problem{403, "session.people_only", "this is for people who have signed in", ""};
}

Response changePassword(const People& people, const Request& request) {
  requireSession(request);
  const Json body = parseBody(request);
  JsonReader in(body, "body");
  const std::string old_password = in.text("old_password", kMaxText);
  const std::string new_password = in.text("new_password", kMaxText);
  finish(in);
  const std::string& name = request.principal.username;
  Passwords::checkNew(new_password);
  auto attempt =
      people.throttle.attempt(name, request.peer, people.devices.deviceOf(header(request, "cookie"), name));
  const auto user = people.users.findUser(name);
  if (!isRight(people, user, old_password, attempt))
    throw Problem{403, "password.wrong", "this is not the password until now", "old_password"};
  people.users.changePassword(*user, people.passwords.hash(new_password));
  return signedIn(people, request, *user, 200);
}

Response signOut(const People& people, const Request& request) {
  requireSession(request);
  people.sessions.end(request.principal.session_id);
  Response out;
  out.status = 204;
  out.headers.emplace_back("Set-Cookie", Sessions::clearingCookie());
  return out;
}

Response setupState(const People& people) {
  if (!people.setup.open()) throw Problem{404, "request.no_such_address", "there is nothing at this address"};
  return http::jsonResponse(200, {{"open", true}});
}

Response setUp(const People& people, const Request& request) {
  if (!people.setup.open()) throw Problem{404, "request.no_such_address", "there is nothing at this address"};
  const Json body = parseBody(request);
  JsonReader in(body, "body");
  const std::string token = in.text("token", kMaxText);
  const std::string username = in.text("username", kMaxText);
  const std::string password = in.text("password", kMaxText);
  finish(in);
  people.setup.check(token);
  const User user = makeUser(people.passwords, username, password, "admin");
  people.setup.complete(token, user);
  return signedIn(people, request, user, 201);
}

}  // namespace

User makeUser(Passwords& passwords, const std::string& username, const std::string& password,
              const std::string& role) {
  User user;
  user.username = Passwords::normalName(username);
  if (!http::atLeast(role, "viewer")) {
    throw Problem{400, "role.unknown", "a role is viewer, technician, approver or admin", "role"};
  }
  Passwords::checkNew(password);
  user.id = newId();
  user.password_hash = passwords.hash(password);
  user.grants = http::Grants::everywhere(role);
  return user;
}

std::vector<http::Route> peopleRoutes(People people) {
  const auto route = [&people](const char* method, const char* path, Permission permission, auto handle) {
    return http::Route{method, path, permission, kBodyLimit,
                       [people, handle](const Request& request) { return handle(people, request); }};
  };
  return {route("POST", "/api/v1/session", Permission::kAnyone, signIn),
          route("GET", "/api/v1/session", Permission::kViewer, whoAmI),
          route("DELETE", "/api/v1/session", Permission::kViewer, signOut),
          route("PUT", "/api/v1/session/password", Permission::kViewer, changePassword),
          route("GET", "/api/v1/setup", Permission::kAnyone,
                [](const People& all, const Request&) { return setupState(all); }),
          route("POST", "/api/v1/setup", Permission::kAnyone, setUp)};
}

}  // namespace redflag::auth
