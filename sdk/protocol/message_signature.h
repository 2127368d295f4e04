#pragma once
// HTTP Message Signatures (RFC 9421) in the one profile agents use, with content digests of RFC 9530.
//
// Base construction is generic (signatureBase), so that it is checked against the RFC's own examples;
// signing, parsing and verifying accept the two profiles of README.md (with an access token and without) and
// nothing else.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "protocol/keys.h"

namespace redflag::protocol {

// Component identifiers with their values, in the order they are covered: {"@method", "POST"}, {"date", "Tue,
// …"}.
using Components = std::vector<std::pair<std::string, std::string>>;

// RFC 9421 section 2.5. `parameters` is what follows the inner list, e.g. `;created=1;keyid="k"`.
std::string signatureBase(const Components& components, std::string_view parameters);
// The inner list and its parameters: what stands after "sig1=" in Signature-Input.
std::string signatureInput(const Components& components, std::string_view parameters);

// RFC 9530, "sha-256=:…:".
std::string contentDigest(std::string_view body);

// A request as both sides see it.
struct RequestParts {
  std::string method;     // "POST"
  std::string authority;  // of the Host header; normalizeAuthority() is applied
  std::string target;     // path and query exactly as on the request line
  std::string_view body;  // as sent
  // The Authorization header, which is then covered, too; "" for a request without one.
  std::string authorization = {};
};

// Lower case, without the default port of https.
std::string normalizeAuthority(std::string_view host);

struct SignatureHeaders {
  std::string content_digest;   // Content-Digest
  std::string signature_input;  // Signature-Input
  std::string signature;        // Signature
};

// `created_s`: seconds since the epoch by the verifier's clock, as far as the signer knows it.
SignatureHeaders signRequest(const RequestParts& request, const std::string& key_id, const SigningKey& key,
                             std::int64_t created_s);
// The same with a given nonce (16 raw bytes); for vectors.
SignatureHeaders signRequest(const RequestParts& request, const std::string& key_id, const SigningKey& key,
                             std::int64_t created_s, std::string_view nonce);

// What a request claims, before its key is known. Not to be believed until verifyRequest() has said so.
struct ClaimedSignature {
  std::int64_t created_s = 0;
  std::string nonce;  // 16 raw bytes
  std::string key_id;
  bool covers_authorization = false;  // RequestParts::authorization must then be the request's
  std::string parameters;             // as received
  std::string signature;              // 64 raw bytes
};

// kInvalid for anything but the profile: other components, order, parameters, label, or a second signature.
Result<ClaimedSignature> parseSignature(const SignatureHeaders& headers);

// kDenied when the digest does not match the body, or the signature does not match.
// Whether `created` and `nonce` are acceptable is the caller's to decide (it has the clock and the memory).
Result<> verifyRequest(const ClaimedSignature& claimed, const SignatureHeaders& headers,
                       const RequestParts& request, std::string_view public_key);
// The same for a request whose body has not arrived; the caller compares headers.content_digest with
// contentDigest() of it then. `request.body` is not looked at.
Result<> verifyRequestHead(const ClaimedSignature& claimed, const SignatureHeaders& headers,
                           const RequestParts& request, std::string_view public_key);

}  // namespace redflag::protocol
