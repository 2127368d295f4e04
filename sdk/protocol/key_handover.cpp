#include "protocol/key_handover.h"

#include "base/encoding.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"

namespace redflag::protocol {
namespace {

constexpr std::string_view kOldKeyDomain = "redflag-key-handover-v1";
constexpr std::string_view kNewKeyDomain = "redflag-key-takeover-v1";
constexpr std::size_t kMaxHandover = 1024;

std::string signedByOld(const std::string& body) {
  CanonicalWriter out;
  out.domain(kOldKeyDomain);
  return out.result() + body;
}

std::string signedByNew(const std::string& body, const std::string& by_old) {
  CanonicalWriter out;
  out.domain(kNewKeyDomain);
  out.bytes(body);
  out.bytes(by_old);
  return out.result();
}

Result<KeyHandover> decodeHandover(const std::string& body) {
  CanonicalReader in(body);
  KeyHandover out;
  out.agent_id = in.bytes(kMaxIdBytes);
  out.command_id = in.bytes(kMaxIdBytes);
  out.old_key = in.bytes(kPublicKeyBytes);
  out.new_key = in.bytes(kPublicKeyBytes);
  if (!in.atEnd() || out.agent_id.empty() || out.command_id.empty() ||
      out.old_key.size() != kPublicKeyBytes || out.new_key.size() != kPublicKeyBytes ||
      out.old_key == out.new_key) {
    return fail(Code::kInvalid, "handover.body: not a hand-over of a key");
  }
  return out;
}

}  // namespace

Json sealKeyHandover(const std::string& agent_id, const std::string& command_id, const SigningKey& old_key,
                     const SigningKey& new_key) {
  CanonicalWriter out;
  out.bytes(agent_id);
  out.bytes(command_id);
  out.bytes(old_key.publicKey());
  out.bytes(new_key.publicKey());
  const std::string body = out.result();
  const std::string by_old = old_key.sign(signedByOld(body));
  const std::string by_new = new_key.sign(signedByNew(body, by_old));
  return {{"body", toBase64(body)}, {"by_old", toBase64(by_old)}, {"by_new", toBase64(by_new)}};
}

Result<KeyHandover> openKeyHandover(const Json& transport) {
  JsonReader in(transport, "handover");
  const auto body = fromBase64(in.text("body", kMaxHandover));
  const auto by_old = fromBase64(in.text("by_old", kMaxHandover));
  const auto by_new = fromBase64(in.text("by_new", kMaxHandover));
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  if (!body || !by_old || !by_new) return fail(Code::kInvalid, "handover: expected base64");
  auto handover = decodeHandover(*body);
  if (!handover) return handover;
  if (!verifySignature(signedByOld(*body), *by_old, handover->old_key))
    return fail(Code::kDenied, "handover.by_old: not the old key's");
  if (!verifySignature(signedByNew(*body, *by_old), *by_new, handover->new_key))
    return fail(Code::kDenied, "handover.by_new: not the new key's");
  return handover;
}

}  // namespace redflag::protocol
