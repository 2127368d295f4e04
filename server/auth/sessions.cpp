#include "auth/sessions.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/encoding.h"
#include "http/message.h"

namespace redflag::auth {
namespace {

constexpr const char* kCookie = "__Host-redflag";
constexpr const char* kAttributes = "; Path=/; Secure; HttpOnly; SameSite=Strict";
constexpr std::size_t kSecretBytes = 32;
constexpr std::int64_t kNoteEveryNs = 60 * kSecondNs;
constexpr std::int64_t kProofNs = 5 * 60 * kSecondNs;

// The secret as bytes; empty unless the cookie has its form.
std::string secretOf(const std::string& cookie_header) {
  const auto secret = fromBase64Url(cookieValue(cookie_header, kCookie));
  return secret && secret->size() == kSecretBytes ? *secret : std::string();
}

// Derived, so that it needs no place in the store: whoever knows the secret needs no token.
std::string csrfOf(const std::string& secret) {
  return toBase64Url(sha256("redflag-csrf-v1" + secret));
}

}  // namespace

std::string cookieValue(const std::string& cookie_header, const std::string& name) {
  std::string found;
  std::size_t count = 0;
  for (std::string_view rest = cookie_header; !rest.empty();) {
    const auto end = rest.find(';');
    std::string_view part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    if (!part.starts_with(name + "=")) continue;
    ++count;
    found = std::string(part.substr(name.size() + 1));
  }
  return count == 1 ? found : std::string();
}

Sessions::Sessions(SessionStore& store, const Clock& clock, const SessionLimits& limits)
    : store_(store), clock_(clock), limits_(limits) {}

Sessions::Begun Sessions::begin(const User& user, const std::string& cookie_header,
                                const std::string& address, bool proven) {
  const std::string older = secretOf(cookie_header);
  if (!older.empty()) store_.removeSession(sha256(older));
  const std::int64_t now = clock_.epochNs();
  store_.removeStaleSessions(now, now - limits_.idle_ns);
  const std::string secret = randomBytes(kSecretBytes);
  const Session session{sha256(secret), user.id,         now, now, now + limits_.absolute_ns,
                        address,        proven ? now : 0};
  if (!store_.createSession(session, user.password_hash))
    throw http::Problem{401, "sign_in.expired", "begin again with your name and password"};
  return {kCookie + ("=" + toBase64Url(secret)) + kAttributes, csrfOf(secret)};
}

bool Sessions::alive(const Session& session) const {
  const std::int64_t now = clock_.epochNs();
  return now < session.expires_at && now - session.last_used_at < limits_.idle_ns;
}

std::optional<SessionUser> Sessions::find(const std::string& cookie_header) {
  const std::string secret = secretOf(cookie_header);
  if (secret.empty()) return std::nullopt;
  auto found = store_.findSession(sha256(secret));
  if (!found || !alive(found->session)) return std::nullopt;
  const std::int64_t now = clock_.epochNs();
  // Used at a time still to come, by a clock that was ahead, it would never be idle.
  if (std::abs(now - found->session.last_used_at) >= kNoteEveryNs)
    store_.touchSession(found->session.token_hash, now);
  return found;
}

std::optional<SessionUser> Sessions::findById(const std::string& session_id) {
  const auto hash = fromHex(session_id);
  if (!hash) return std::nullopt;
  auto found = store_.findSession(*hash);
  return found && alive(found->session) ? found : std::nullopt;
}

std::string Sessions::csrfToken(const std::string& cookie_header) const {
  const std::string secret = secretOf(cookie_header);
  return secret.empty() ? std::string() : csrfOf(secret);
}

void Sessions::end(const std::string& session_id) {
  if (const auto hash = fromHex(session_id)) store_.removeSession(*hash);
}

void Sessions::prove(const std::string& session_id) {
  if (const auto hash = fromHex(session_id)) store_.proveSession(*hash, clock_.epochNs());
}

bool Sessions::proven(const Session& session) const {
  const std::int64_t age_ns = clock_.epochNs() - session.proven_at;
  return age_ns >= 0 && age_ns <= kProofNs;
}

std::vector<Session> Sessions::of(const std::string& user_id) const {
  auto out = store_.sessionsOf(user_id);
  std::erase_if(out, [this](const Session& session) { return !alive(session); });
  return out;
}

void Sessions::endAll(const std::string& user_id, const std::string& kept_id) {
  const auto kept = fromHex(kept_id);
  store_.removeSessionsOf(user_id, kept ? *kept : std::string());
}

std::string Sessions::idOf(const Session& session) {
  return toHex(session.token_hash);
}

std::string Sessions::clearingCookie() {
  return fmt::format("{}={}; Max-Age=0", kCookie, kAttributes);
}

}  // namespace redflag::auth
