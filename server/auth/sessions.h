#pragma once
// Signed-in people. The browser holds 32 random bytes in a cookie that no script can read; the store holds
// their hash.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/interfaces.h"
#include "base/time.h"
#include "http/head.h"

namespace redflag::auth {

struct SessionLimits {
  std::int64_t idle_ns = 12 * 3600 * kSecondNs;
  std::int64_t absolute_ns = 7 * 24 * 3600 * kSecondNs;
};

class Sessions {
 public:
  // Both outlive it.
  Sessions(SessionStore& store, const Clock& clock, const SessionLimits& limits = {});

  struct Begun {
    std::string cookie;  // the whole Set-Cookie value
    std::string csrf_token;
  };
  // A new session under a new secret, whatever the browser held before; that one ends. It counts as proven:
  // whoever begins it has just said who he is. [any thread]
  // `proven`: whether what began it is a proof, too (the password of somebody without a second factor, or a
  // code).
  Begun begin(const User& user, const std::string& cookie_header, const std::string& address,
              bool proven = true);
  // The session of a request, if it holds a live one. Notes that it is used, once a minute. [any thread]
  std::optional<SessionUser> find(const std::string& cookie_header);
  // By Principal::session_id; nothing is noted. [any thread]
  std::optional<SessionUser> findById(const std::string& session_id);
  // Empty when the request holds no session.
  std::string csrfToken(const std::string& cookie_header) const;
  void end(const std::string& session_id);

  // Its person has given a password or a code again. [any thread]
  void prove(const std::string& session_id);
  // Whether that, or the sign-in, was within the last five minutes.
  bool proven(const Session& session) const;

  // The live ones of a person, newest first.
  std::vector<Session> of(const std::string& user_id) const;
  // All of a person's, but the one named `kept_id` (may be "").
  void endAll(const std::string& user_id, const std::string& kept_id);

  static std::string idOf(const Session& session);  // for Principal::session_id; opens nothing
  static std::string clearingCookie();

 private:
  bool alive(const Session& session) const;

  SessionStore& store_;
  const Clock& clock_;
  const SessionLimits limits_;
};

// The value of a cookie in a Cookie header; empty when it is absent or there twice.
std::string cookieValue(const std::string& cookie_header, const std::string& name);

}  // namespace redflag::auth
