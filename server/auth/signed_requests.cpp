#include "auth/signed_requests.h"

#include "base/encoding.h"
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
  const protocol::RequestParts request{head.method, head.header("host"), head.target, {}};
  return protocol::verifyRequestHead(claimed, headers, request, public_key).has_value();
}

}  // namespace

SignedRequests::SignedRequests(const AgentDirectory& agents, NonceMemory& nonces)
    : agents_(agents), nonces_(nonces) {}

http::Principal SignedRequests::agent(const http::RequestHead& head) {
  const protocol::SignatureHeaders headers = headersOf(head);
  const protocol::ClaimedSignature claimed = claimOf(headers);
  nonces_.checkTime(claimed.created_s);
  const auto agent = agents_.findAgent(claimed.key_id);
  // A valid key nobody has: an unknown agent takes as long to refuse as a wrong signature.
  static const std::string nobodys_key = protocol::SigningKey::generate().publicKey();
  const bool valid = matches(claimed, headers, head, agent ? agent->public_key : nobodys_key);
  if (!agent || !valid) refuse();
  nonces_.use(agent->public_key, claimed.created_s, claimed.nonce);
  http::Principal out;
  out.kind = http::Principal::Kind::kAgent;
  out.agent_id = agent->agent_id;
  out.client_id = agent->client_id;
  out.public_key = agent->public_key;
  return out;
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
