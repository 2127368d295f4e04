#include "auth/people_input.h"
#include "auth/people_routes.h"

namespace redflag::auth {
namespace {

using http::Permission;
using http::Problem;
using http::Request;
using http::Response;

Person me(const Request& request) {
  return {request.principal.user_id, request.principal.username};
}

Response done() {
  Response out;
  out.status = 204;
  return out;
}

Json timeJson(std::int64_t epoch_ns) {
  return epoch_ns == 0 ? Json() : Json(toRfc3339(epoch_ns));
}

Response codesResponse(int status, const std::vector<std::string>& codes) {
  return http::jsonResponse(status, {{"recovery_codes", codes}});
}

void requireCode(const People& people, const Request& request, const std::string& code) {
  if (!people.second_factor.enabled(me(request).id))
    throw Problem{409, "second_factor.not_set", "there is no second factor"};
  requireRight(
      people, request, me(request).username,
      {422, "second_factor.wrong_code", "the code is wrong, or was used before", "code"},
      [&] { return people.second_factor.accepts(me(request), code); }, {}, SignInThrottle::kCode);
}

void requirePassword(const People& people, const Request& request, const std::string& password) {
  const auto user = people.users.findUserById(me(request).id);
  requireRight(people, request, me(request).username,
               {422, "password.wrong", "this is not your password", "password"}, [&] {
                 return people.passwords.verify(
                     password, user ? std::optional<std::string>(user->password_hash) : std::nullopt);
               });
}

// A password proves only who has no second factor: it is what a thief of a session may know.
Response stepUp(const People& people, const Request& request) {
  const bool by_code = people.second_factor.enabled(me(request).id);
  PeopleBody body(request);
  const char* const wanted = by_code ? "code" : "password";
  if (!body.has(wanted))
    throw Problem{422, by_code ? "session.code_needed" : "session.password_needed",
                  by_code ? "give a code of your second factor" : "give your password", wanted};
  const std::string given = body.text(wanted);
  body.finish();
  if (by_code) {
    requireCode(people, request, given);
  } else {
    requirePassword(people, request, given);
  }
  people.sessions.prove(request.principal.session_id);
  return done();
}

Response showFactor(const People& people, const Request& request) {
  const auto found = people.second_factor.find(me(request).id);
  return http::jsonResponse(
      200, {{"enabled", found.has_value()},
            {"required", people.second_factor.requiredOf(request.principal.grants.highest())},
            {"since", timeJson(found ? found->confirmed_at : 0)},
            {"recovery_codes_left", found ? found->recovery_codes : 0}});
}

Response beginFactor(const People& people, const Request& request) {
  refusePeopleBody(request);
  const auto begun = people.second_factor.begin(me(request));
  return http::jsonResponse(201, {{"secret", begun.secret}, {"uri", begun.uri}});
}

// Sessions that began without it end: whoever holds one has never shown the factor.
Response confirmFactor(const People& people, const Request& request) {
  PeopleBody body(request);
  const std::string code = body.text("code");
  body.finish();
  auto codes = people.second_factor.confirm(me(request), code);
  people.sessions.endAll(me(request).id, request.principal.session_id);
  return codesResponse(201, codes);
}

Response renewCodes(const People& people, const Request& request) {
  PeopleBody body(request);
  const std::string code = body.text("code");
  body.finish();
  requireCode(people, request, code);
  return codesResponse(201, people.second_factor.renewRecoveryCodes(me(request)));
}

Response turnOff(const People& people, const Request& request) {
  PeopleBody body(request);
  const std::string password = body.text("password");
  const std::string code = body.text("code");
  body.finish();
  requirePassword(people, request, password);
  requireCode(people, request, code);
  people.second_factor.turnOff(me(request));
  return done();
}

Response reset(const People& people, const Request& request) {
  refusePeopleBody(request);
  const auto user = people.users.findUserById(request.parameters.at("id"));
  if (!user) throw Problem{404, "user.not_found", "there is no such user"};
  if (user->id == me(request).id)
    throw Problem{409, "second_factor.own", "turn your own off with your password and a code"};
  people.second_factor.reset({user->id, user->username}, me(request).username);
  people.sessions.endAll(user->id, "");
  return done();
}

Response listSessions(const People& people, const Request& request) {
  Json items = Json::array();
  for (const Session& session : people.sessions.of(me(request).id)) {
    const std::string id = Sessions::idOf(session);
    items.push_back({{"id", id},
                     {"created_at", timeJson(session.created_at)},
                     {"last_used_at", timeJson(session.last_used_at)},
                     {"expires_at", timeJson(session.expires_at)},
                     {"address", session.address.empty() ? Json() : Json(session.address)},
                     {"current", id == request.principal.session_id}});
  }
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

Response endSession(const People& people, const Request& request) {
  const std::string& id = request.parameters.at("id");
  for (const Session& session : people.sessions.of(me(request).id)) {
    if (Sessions::idOf(session) != id) continue;
    people.sessions.end(id);
    people.board.note({"people", me(request).username, "session.ended", "ended a session of their own"});
    return done();
  }
  throw Problem{404, "session.not_found", "you have no such session"};
}

Response endAll(const People& people, const Request& request) {
  people.sessions.endAll(me(request).id, "");
  people.board.note({"people", me(request).username, "session.ended_everywhere", "signed out everywhere"});
  Response out = done();
  out.headers.emplace_back("Set-Cookie", Sessions::clearingCookie());
  return out;
}

}  // namespace

std::vector<http::Route> accountRoutes(People people) {
  const auto route = [&people](const char* method, const char* path, Permission permission, auto handle,
                               bool needs_proof = false) {
    return http::Route{method,
                       path,
                       permission,
                       kPeopleBodyLimit,
                       [people, handle](const Request& request) {
                         requireSession(request);
                         return handle(people, request);
                       },
                       http::Stream::kNone,
                       needs_proof};
  };
  const Permission mine = Permission::kSignedIn;
  return {route("POST", "/api/v1/session/step-up", mine, stepUp),
          route("GET", "/api/v1/account/second-factor", mine, showFactor),
          route("POST", "/api/v1/account/second-factor", mine, beginFactor, true),
          route("POST", "/api/v1/account/second-factor/confirm", mine, confirmFactor, true),
          route("POST", "/api/v1/account/second-factor/recovery-codes", mine, renewCodes),
          route("POST", "/api/v1/account/second-factor/off", mine, turnOff),
          route("GET", "/api/v1/account/sessions", mine, listSessions),
          route("DELETE", "/api/v1/account/sessions", mine, endAll),
          route("DELETE", "/api/v1/account/sessions/{id}", mine, endSession),
          route("POST", "/api/v1/users/{id}/second-factor/reset", Permission::kAdmin, reset, true)};
}

}  // namespace redflag::auth
