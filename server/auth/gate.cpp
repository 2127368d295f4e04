#include "auth/gate.h"

#include "auth/budget.h"
#include "base/encoding.h"
#include "protocol/message_signature.h"

namespace redflag::auth {
namespace {

using http::Permission;
using http::Problem;

bool changesState(const http::RequestHead& head) {
  return head.method != "GET" && head.method != "HEAD";
}

// What a browser says of where a request comes from, if it says so, must be this server itself.
bool isSameSite(const http::RequestHead& head) {
  const std::string origin = head.header("origin");
  const std::string site = head.header("sec-fetch-site");
  constexpr std::string_view scheme = "https://";
  const bool own = origin.starts_with(scheme) && protocol::normalizeAuthority(origin.substr(scheme.size())) ==
                                                     protocol::normalizeAuthority(head.header("host"));
  return (origin.empty() || own) && (site.empty() || site == "same-origin" || site == "none");
}

}  // namespace

Gate::Gate(AgentDirectory& agents, SignedRequests& signatures, Sessions& sessions, ApiTokens& tokens,
           std::string metrics_token, std::set<std::string> second_factor_of, Alarms* alarms)
    : agents_(agents),
      signatures_(signatures),
      sessions_(sessions),
      tokens_(tokens),
      metrics_token_(std::move(metrics_token)),
      second_factor_of_(std::move(second_factor_of)),
      alarms_(alarms) {}

http::Principal Gate::admit(const http::RequestHead& head, Permission permission, const std::string& peer) {
  switch (permission) {
    case Permission::kAnyone:
      if (changesState(head)) requireOwnPage(head, "nobody", peer);
      return {};
    case Permission::kAgent:
      return signatures_.agent(head, peer);
    case Permission::kRenewing:
      return signatures_.renewing(head, peer);
    case Permission::kEnrolling:
      return signatures_.enrolling(head);
    case Permission::kMetrics:
      // Whoever shows a token is judged by it alone.
      return head.header("authorization").empty() ? person(head, permission, peer) : monitor(head);
    default:
      return ApiTokens::isOne(head.header("authorization")) ? service(head, permission)
                                                            : person(head, permission, peer);
  }
}

void Gate::requireOwnPage(const http::RequestHead& head, const std::string& username,
                          const std::string& peer) {
  if (isSameSite(head)) return;
  if (alarms_ != nullptr)
    alarms_->raise(networkOf(peer), {"security", username, "session.cross_site",
                                     "refused " + head.method + " " + head.path() + " from " + peer +
                                         ": another site asked the browser for it",
                                     "warning"});
  throw Problem{403, "session.cross_site", "another site asked the browser for this", ""};
}

bool Gate::lacksFactor(const SessionUser& user) const {
  return !user.second_factor && second_factor_of_.contains(user.grants.highest());
}

http::Principal Gate::person(const http::RequestHead& head, Permission permission, const std::string& peer) {
  const std::string cookies = head.header("cookie");
  const auto found = sessions_.find(cookies);
  if (!found) throw Problem{401, "session.required", "sign in first", ""};
  if (changesState(head)) {
    requireOwnPage(head, found->username, peer);
    if (!equalSecrets(head.header("x-csrf-token"), sessions_.csrfToken(cookies))) {
      if (alarms_ != nullptr)
        alarms_->raise(found->username, {"security", found->username, "session.csrf",
                                         "refused " + head.method + " " + head.path() + " from " + peer +
                                             ": it came without the session's token",
                                         "warning"});
      throw Problem{403, "session.csrf", "the X-CSRF-Token header is not the session's", ""};
    }
  }
  return admitted(*found, permission);
}

http::Principal Gate::admitted(const SessionUser& user, Permission permission) const {
  if (!user.grants.admit(permission))
    throw Problem{403, "role.insufficient", "your role does not allow this", ""};
  if (permission != Permission::kSignedIn && lacksFactor(user)) {
    throw Problem{403, "session.second_factor_required",
                  "your role asks for a second factor: set one up first", ""};
  }
  http::Principal out;
  out.kind = http::Principal::Kind::kUser;
  out.user_id = user.session.user_id;
  out.username = user.username;
  out.grants = user.grants;
  out.session_id = Sessions::idOf(user.session);
  out.second_factor = user.second_factor;
  out.proven = sessions_.proven(user.session);
  return out;
}

http::Principal Gate::service(const http::RequestHead& head, Permission permission) {
  return admitted(tokens_.find(head.header("authorization")), permission);
}

http::Principal Gate::admitted(const std::optional<TokenAccount>& found, Permission permission) {
  if (!found) throw Problem{401, "token.invalid", "this token is not good, or not any more", ""};
  if (!found->grants.admit(permission))
    throw Problem{403, "role.insufficient", "this account's role does not allow this", ""};
  http::Principal out;
  out.kind = http::Principal::Kind::kUser;
  out.user_id = found->account_id;
  out.username = found->name;
  out.grants = found->grants;
  out.token_id = toHex(found->token_hash);
  out.minter_id = found->minter_id;
  return out;
}

http::Principal Gate::monitor(const http::RequestHead& head) {
  const std::string shown = head.header("authorization");
  if (metrics_token_.empty() || !equalSecrets(shown, "Bearer " + metrics_token_)) {
    if (ApiTokens::isOne(shown)) return service(head, Permission::kMetrics);
    throw Problem{401, "metrics.token", "the bearer token is not the one of this server", ""};
  }
  http::Principal out;
  out.kind = http::Principal::Kind::kMonitor;
  return out;
}

void Gate::checkBody(const http::Principal& principal, const http::RequestHead& head, std::string_view body) {
  const bool is_signed =
      principal.kind == http::Principal::Kind::kAgent || principal.kind == http::Principal::Kind::kEnrolling;
  if (is_signed) SignedRequests::checkBody(head, body);
}

void Gate::admitAgain(http::Principal& principal, Permission permission) {
  using Kind = http::Principal::Kind;
  if (principal.kind == Kind::kAgent && !stillAdmitted(principal))
    throw Problem{401, "agent.ended", "this agent's access ended while its request came in", ""};
  if (principal.kind != Kind::kUser) return;
  if (!principal.token_id.empty()) {
    principal = admitted(tokens_.findById(principal.token_id), permission);
    return;
  }
  const auto found = sessions_.findById(principal.session_id);
  if (!found) throw Problem{401, "session.required", "sign in first", ""};
  principal = admitted(*found, permission);
}

bool Gate::stillAdmitted(const http::Principal& principal) {
  if (principal.kind == http::Principal::Kind::kAgent) {
    const auto agent = agents_.findAgent(principal.agent_id);
    if (!agent || !signatures_.opens(*agent, principal.public_key) || agent->state == "revoked") return false;
    return agent->line == principal.agent_line || agent->state == "restored" || agent->state == "cloned";
  }
  if (!principal.token_id.empty()) {
    const auto account = tokens_.findById(principal.token_id);
    return account && account->grants == principal.grants;
  }
  const auto found = sessions_.findById(principal.session_id);
  return found && found->session.user_id == principal.user_id && found->grants == principal.grants &&
         found->grants.admit(Permission::kViewer) && !lacksFactor(*found);
}

}  // namespace redflag::auth
