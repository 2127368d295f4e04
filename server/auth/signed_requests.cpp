#include "auth/signed_requests.h"

#include "base/encoding.h"
#include "protocol/limits.h"
#include "protocol/message_signature.h"

namespace redflag::auth {
namespace {

// One shape for all reasons: which agents exist is nobody's business.
[[noreturn]] void refuse() {
  throw http::Problem{401, "signature.invalid", "a valid signature of an enrolled agent is required", ""};
}

protocol::SignatureHeaders headersOf(const http::RequestHead& head) {
  return {head.header("content-digest"), head.header("signature-input"), head.header("signature")};
}

protocol::ClaimedSignature claimOf(const protocol::SignatureHeaders& headers) {
  auto claimed = protocol::parseSignature(headers);
  if (!claimed) refuse();
  return std::move(*claimed);
}

bool matches(const protocol::ClaimedSignature& claimed, const protocol::SignatureHeaders& headers,
             const http::RequestHead& head, const std::string& public_key) {
  const protocol::RequestParts request{
      head.method, head.header("host"), head.target, {}, head.header("authorization")};
  return protocol::verifyRequestHead(claimed, headers, request, public_key).has_value();
}

http::Principal principalOf(const AgentIdentity& agent, const std::string& line) {
  http::Principal out;
  out.kind = http::Principal::Kind::kAgent;
  out.agent_id = agent.agent_id;
  out.client_id = agent.client_id;
  out.public_key = agent.public_key;
  out.agent_state = agent.state;
  out.agent_line = line;
  return out;
}

}  // namespace

SignedRequests::SignedRequests(AgentDirectory& agents, NonceMemory& nonces, const AccessTokens& tokens,
                               const Clock& clock)
    : agents_(agents), nonces_(nonces), tokens_(tokens), clock_(clock) {}

http::Principal SignedRequests::agent(const http::RequestHead& head, const std::string& peer) {
  const AgentIdentity agent = holder(head, true, peer);
  return principalOf(agent, checkToken(head, agent, peer));
}

http::Principal SignedRequests::renewing(const http::RequestHead& head, const std::string& peer) {
  const AgentIdentity agent = holder(head, false, peer);
  return principalOf(agent, agent.line);
}

AgentIdentity SignedRequests::holder(const http::RequestHead& head, bool with_token,
                                     const std::string& peer) {
  const protocol::SignatureHeaders headers = headersOf(head);
  const protocol::ClaimedSignature claimed = claimOf(headers);
  nonces_.checkTime(claimed.created_s);
  auto agent = agents_.findAgent(claimed.key_id);
  // A valid key nobody has: an unknown agent takes as long to refuse as a wrong signature.
  static const std::string nobodys_key = protocol::SigningKey::generate().publicKey();
  bool valid = matches(claimed, headers, head, agent ? agent->public_key : nobodys_key);
  const bool old_key =
      agent && !valid && !agent->old_key.empty() && matches(claimed, headers, head, agent->old_key);
  if (old_key) {
    valid = opens(*agent, agent->old_key);
    agent->public_key = agent->old_key;
  }
  if (!agent || !valid || claimed.covers_authorization != with_token) {
    agents_.refused(agent.value_or(AgentIdentity{}),
                    old_key && !valid ? "signature.old_key" : "signature.invalid", peer);
    refuse();
  }
  try {
    nonces_.use(agent->public_key, claimed.created_s, claimed.nonce);
  } catch (const http::Problem& problem) {
    agents_.refused(*agent, problem.code, peer);
    throw;
  }
  if (agent->state == "revoked")
    throw http::Problem{401, "agent.revoked", "this agent was revoked; enrol the machine again", ""};
  return *agent;
}

bool SignedRequests::opens(const AgentIdentity& agent, const std::string& public_key) const {
  if (public_key == agent.public_key) return true;
  return !agent.old_key.empty() && public_key == agent.old_key && clock_.epochNs() < agent.old_key_until;
}

// Answers the line that the token is of.
std::string SignedRequests::checkToken(const http::RequestHead& head, const AgentIdentity& agent,
                                       const std::string& peer) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string authorization = head.header("authorization");
  const auto claims = authorization.starts_with(scheme)
                          ? tokens_.verify(std::string_view(authorization).substr(scheme.size()))
                          : std::nullopt;
  if (!claims || claims->agent_id != agent.agent_id ||
      claims->thumbprint != keyThumbprint(agent.public_key)) {
    agents_.refused(agent, "token.invalid", peer);
    throw http::Problem{401, "token.invalid", "an access token of this agent is required", ""};
  }
  const std::int64_t now_s = clock_.epochNs() / kSecondNs;
  // One that was handed out later than now is of a time that the clock has taken back: it would live longer.
  if (now_s >= claims->expires_at_s || claims->issued_at_s > now_s + protocol::kClockToleranceS)
    throw http::Problem{401, "token.expired", "the access token has expired", ""};
  if (claims->line == agent.line) {
    if (claims->number == agent.number) return claims->line;
    throw http::Problem{401, "token.superseded", "a newer access token was handed out", ""};
  }
  const bool in_doubt = agent.state == "restored" || agent.state == "cloned";
  if (in_doubt && agents_.lineSeen(agent, claims->line)) return claims->line;
  agents_.refused(agent, "token.ended", peer);
  throw http::Problem{401, "token.ended", "another copy of this agent was accepted; enrol this one again",
                      ""};
}

// No memory of nonces here: anybody can make keys and would fill it, and a repeated enrolment of the same key
// is answered as the first one was and changes nothing.
http::Principal SignedRequests::enrolling(const http::RequestHead& head) {
  const protocol::SignatureHeaders headers = headersOf(head);
  const protocol::ClaimedSignature claimed = claimOf(headers);
  nonces_.checkTime(claimed.created_s);
  const auto public_key = fromBase64Url(claimed.key_id);
  if (!public_key || !matches(claimed, headers, head, *public_key)) refuse();
  http::Principal out;
  out.kind = http::Principal::Kind::kEnrolling;
  out.public_key = *public_key;
  return out;
}

void SignedRequests::checkBody(const http::RequestHead& head, std::string_view body) {
  if (head.header("content-digest") != protocol::contentDigest(body)) refuse();
}

}  // namespace redflag::auth
