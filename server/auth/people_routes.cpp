#include "auth/people_routes.h"

#include "auth/budget.h"
#include "auth/people_input.h"
#include "base/encoding.h"
#include "http/origin.h"

namespace redflag::auth {
namespace {

using http::Permission;
using http::Problem;
using http::Request;
using http::Response;

// Between the password and the code; opens nothing by itself.
constexpr const char* kPendingCookie = "__Host-redflag-sign-in";
constexpr const char* kPendingAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=";
constexpr const char* kPendingSeconds = "300";
constexpr const char* kUnknownAccount = "an unknown account";

Json sessionJson(const People& people, const std::string& user_id, const std::string& username,
                 const http::Grants& grants, bool second_factor, const std::string& csrf_token) {
  const bool required = people.second_factor.requiredOf(grants.highest());
  return {{"user",
           {{"id", user_id}, {"username", username}, {"role", grants.highest()}, {"grants", toJson(grants)}}},
          {"second_factor", {{"enabled", second_factor}, {"required", required}}},
          {"csrf_token", csrf_token}};
}

// "" for a name that nobody has.
std::string deviceOf(const People& people, const Request& request, const std::string& username) {
  const auto user = people.users.findUser(username);
  if (!user) return {};
  return people.devices.deviceOf(headerOf(request, "cookie"), {user->username, user->password_hash});
}

Response signedIn(const People& people, const Request& request, const User& user, bool second_factor,
                  int status, bool proven = true) {
  const Sessions::Begun begun =
      people.sessions.begin(user, headerOf(request, "cookie"), request.peer, proven);
  people.board.note({"people", user.username, "session.begun",
                     "signed in from " + request.peer + (second_factor ? " with a second factor" : "")});
  Response out = http::jsonResponse(
      status, sessionJson(people, user.id, user.username, user.grants, second_factor, begun.csrf_token));
  out.headers.emplace_back("Set-Cookie", begun.cookie);
  out.headers.emplace_back("Set-Cookie", people.devices.cookieFor({user.username, user.password_hash}));
  return out;
}

// The password was right, and a code is still asked for.
Response askForCode(const People& people, const User& user) {
  const std::string token = people.second_factor.pend({user.id, user.username}, user.password_hash);
  Response out = http::jsonResponse(202, {{"second_factor", {{"enabled", true}}}});
  out.headers.emplace_back("Set-Cookie",
                           std::string(kPendingCookie) + "=" + token + kPendingAttributes + kPendingSeconds);
  return out;
}

Response signIn(const People& people, const Request& request) {
  PeopleBody body(request);
  const std::string typed = body.text("username");
  const std::string password = body.text("password");
  body.finish();
  const std::string name = Passwords::normalName(typed);
  // What is nobody's name may be a password in the wrong field: it is written down nowhere.
  const auto user = people.users.findUser(name);
  const std::string spoken_name = user ? name : kUnknownAccount;
  if (http::Origin* origin = http::currentOrigin()) origin->subject = spoken_name;
  requireRight(
      people, request, name, {401, "sign_in.failed", "the name or the password is wrong"},
      [&] {
        return people.passwords.verify(password,
                                       user ? std::optional<std::string>(user->password_hash) : std::nullopt);
      },
      spoken_name);
  if (people.second_factor.enabled(user->id)) return askForCode(people, *user);
  return signedIn(people, request, *user, false, 200);
}

Response signInByCode(const People& people, const Request& request) {
  PeopleBody body(request);
  const std::string code = body.text("code");
  body.finish();
  const std::string token = cookieValue(headerOf(request, "cookie"), kPendingCookie);
  const auto username = people.second_factor.pending(token);
  const auto user = username ? people.users.findUser(*username) : std::nullopt;
  const Problem begin_again{401, "sign_in.expired", "begin again with your name and password"};
  if (!user) throw begin_again;
  requireRight(
      people, request, user->username, {401, "sign_in.code", "the code is wrong, or was used before"},
      [&] {
        return people.second_factor.accepts({user->id, user->username}, code);
      },
      {}, SignInThrottle::kCode);
  if (!people.second_factor.endPending(token)) throw begin_again;
  Response out = signedIn(people, request, *user, true, 200);
  out.headers.emplace_back("Set-Cookie", std::string(kPendingCookie) + "=" + kPendingAttributes + "0");
  return out;
}

Response whoAmI(const People& people, const Request& request) {
  const auto& me = request.principal;
  return http::jsonResponse(200, sessionJson(people, me.user_id, me.username, me.grants, me.second_factor,
                                             people.sessions.csrfToken(headerOf(request, "cookie"))));
}

Response changePassword(const People& people, const Request& request) {
  requireSession(request);
  PeopleBody body(request);
  const std::string old_password = body.text("old_password");
  const std::string new_password = body.text("new_password");
  body.finish();
  Passwords::checkNew(new_password);
  const auto& me = request.principal;
  auto user = people.users.findUser(me.username);
  const Problem wrong{403, "password.wrong", "this is not the password until now", "old_password"};
  requireRight(people, request, me.username, wrong, [&] {
    return people.passwords.verify(old_password,
                                   user ? std::optional<std::string>(user->password_hash) : std::nullopt);
  });
  const std::string hash = people.passwords.hash(new_password);
  if (!people.users.changePassword(*user, hash)) throw wrong;
  user->password_hash = hash;
  // The old password is no code: whoever has a second factor has proven no more than before.
  return signedIn(people, request, *user, me.second_factor, 200, !me.second_factor || me.proven);
}

Response signOut(const People& people, const Request& request) {
  requireSession(request);
  people.sessions.end(request.principal.session_id);
  Response out;
  out.status = 204;
  out.headers.emplace_back("Set-Cookie", Sessions::clearingCookie());
  return out;
}

Problem noSetup() {
  return {404, "request.no_such_address", "there is nothing at this address"};
}

Response setupState(const People& people, const Request&) {
  if (!people.setup.open()) throw noSetup();
  return http::jsonResponse(200, {{"open", true}});
}

Response setUp(const People& people, const Request& request) {
  if (!people.setup.open()) {
    people.alarms.raise(networkOf(request.peer),
                        {"security", "nobody", "setup.closed",
                         "refused to set the server up again, from " + request.peer, "warning"});
    throw noSetup();
  }
  PeopleBody body(request);
  const std::string token = body.text("token");
  const std::string username = body.text("username");
  const std::string password = body.text("password");
  body.finish();
  people.setup.check(token);
  const User user = makeUser(people.passwords, username, password, "admin");
  people.setup.complete(token, user);
  return signedIn(people, request, user, false, 201);
}

}  // namespace

void requireSession(const Request& request) {
  if (request.principal.session_id.empty())
    throw Problem{403, "session.people_only", "this is for people who have signed in", ""};
}

void requireRight(const People& people, const Request& request, const std::string& username,
                  const Problem& wrong, const std::function<bool()>& is_right, const std::string& spoken_name,
                  SignInThrottle::What what) {
  const std::string from = (spoken_name.empty() ? username : spoken_name) + " from " + request.peer;
  SignInThrottle::Attempt attempt;
  try {
    attempt = people.throttle.attempt(username, request.peer, deviceOf(people, request, username), what);
  } catch (const Problem& throttled) {
    // Names are the attacker's to choose: each would be a line of its own.
    people.alarms.raise(
        networkOf(request.peer),
        {"security", "nobody", throttled.code, "too many wrong passwords or codes for " + from, "warning"});
    throw;
  }
  bool right = false;
  try {
    right = is_right();
  } catch (const Problem& problem) {  // nothing was tried: too busy to look, or the store is away
    attempt.forgive();
    if (problem.status == 429)
      people.alarms.raise(networkOf(request.peer),
                          {"security", "nobody", problem.code, problem.detail + ": " + from, "warning"});
    throw;
  }
  if (!right) {
    people.alarms.raise(from, {"security", "nobody", wrong.code, wrong.detail + ": " + from, "warning"});
    throw wrong;
  }
  attempt.forgive();
}

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
    return http::Route{method, path, permission, kPeopleBodyLimit,
                       [people, handle](const Request& request) { return handle(people, request); }};
  };
  const auto counted = [](http::Route one) {
    one.rate = http::Rate::kSignIn;
    return one;
  };
  return {counted(route("POST", "/api/v1/session", Permission::kAnyone, signIn)),
          counted(route("POST", "/api/v1/session/second-factor", Permission::kAnyone, signInByCode)),
          route("GET", "/api/v1/session", Permission::kSignedIn, whoAmI),
          route("DELETE", "/api/v1/session", Permission::kSignedIn, signOut),
          route("PUT", "/api/v1/session/password", Permission::kSignedIn, changePassword),
          route("GET", "/api/v1/setup", Permission::kAnyone, setupState),
          route("POST", "/api/v1/setup", Permission::kAnyone, setUp)};
}

}  // namespace redflag::auth
