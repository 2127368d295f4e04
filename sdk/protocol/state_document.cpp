#include "protocol/state_document.h"

#include "base/encoding.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"

namespace redflag::protocol {
namespace {

constexpr std::string_view kDocumentDomain = "redflag-agent-state-v1";
constexpr std::string_view kMachineDomain = "redflag-machine-v1";
constexpr std::string_view kTokenDomain = "redflag-refresh-token-v1";
constexpr std::size_t kDocumentHashBytes = 32;
constexpr std::size_t kDocumentNonceBytes = 16;
constexpr std::size_t kMaxTransport = 1024;

std::string encode(const StateDocument& document) {
  CanonicalWriter out;
  out.bytes(document.agent_id);
  out.integer(document.number);
  out.bytes(document.boot_id);
  out.bytes(document.machine);
  out.bytes(document.previous);
  out.bytes(document.nonce);
  return out.result();
}

std::string inDomain(std::string_view domain, std::string_view rest) {
  CanonicalWriter out;
  out.domain(domain);
  return out.result() + std::string(rest);
}

Result<StateDocument> decode(const std::string& body) {
  CanonicalReader in(body);
  StateDocument out;
  out.agent_id = in.bytes(kMaxIdBytes);
  out.number = in.integer();
  out.boot_id = in.bytes(kMaxIdBytes);
  out.machine = in.bytes(kDocumentHashBytes);
  out.previous = in.bytes(kDocumentHashBytes);
  out.nonce = in.bytes(kDocumentNonceBytes);
  if (!in.atEnd() || out.agent_id.empty() || out.number < 1 || out.machine.size() != kDocumentHashBytes ||
      out.previous.size() != kDocumentHashBytes || out.nonce.size() != kDocumentNonceBytes ||
      !isUtf8(out.boot_id)) {
    return fail(Code::kInvalid, "document.body: not a state document");
  }
  return out;
}

}  // namespace

Json sealStateDocument(const StateDocument& document, const SigningKey& key) {
  const std::string body = encode(document);
  return {{"body", toBase64(body)}, {"signature", toBase64(key.sign(inDomain(kDocumentDomain, body)))}};
}

Result<OpenedDocument> openStateDocument(const Json& transport, std::string_view public_key) {
  JsonReader in(transport, "document");
  const auto body = fromBase64(in.text("body", kMaxTransport));
  const auto signature = fromBase64(in.text("signature", kMaxTransport));
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  if (!body || !signature) return fail(Code::kInvalid, "document: expected base64");
  // Before a byte of it is read.
  if (!verifySignature(inDomain(kDocumentDomain, *body), *signature, public_key))
    return fail(Code::kDenied, "document.signature: not the agent's");
  auto document = decode(*body);
  if (!document) return tl::unexpected<Error>(document.error());
  return OpenedDocument{std::move(*document), sha256(*body)};
}

std::string machineHash(const std::string& agent_id, const std::string& machine_id) {
  CanonicalWriter out;
  out.bytes(agent_id);
  out.bytes(machine_id);
  return sha256(inDomain(kMachineDomain, out.result()));
}

std::string tokenHash(std::string_view refresh_token) {
  return sha256(inDomain(kTokenDomain, refresh_token));
}

}  // namespace redflag::protocol
