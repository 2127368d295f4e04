#include "protocol/envelope.h"

#include <algorithm>
#include <cstdlib>

#include "base/encoding.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"

namespace redflag::protocol {
namespace {

constexpr std::string_view kEnvelopeDomain = "redflag-command-envelope-v1";
constexpr std::size_t kEnvelopeNonceBytes = 16;
constexpr std::size_t kHashBytes = 32;

std::string signedBytes(std::string_view body) {
  CanonicalWriter out;
  out.domain(kEnvelopeDomain);
  return out.result() + std::string(body);
}

void writeOrder(CanonicalWriter& out, const Envelope& e) {
  out.integer(e.version);
  out.bytes(e.command_id);
  out.bytes(e.client_id);
  out.bytes(e.agent_id);
  out.bytes(e.command_type);
  out.count(static_cast<std::uint32_t>(e.actions.size()));
  for (const auto& action : e.actions) {
    out.bytes(action.plugin);
    out.bytes(action.action);
    out.bytes(action.parameters);
  }
  out.bytes(e.plan_hash);
  out.integer(e.restore_epoch);
}

// Ids and names: printable ASCII without quotes or white space, so that they can stand in logs, paths and SQL
// alike.
bool isName(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

Verdict<> checkAction(const Action& action) {
  if (!isName(action.plugin) || !isName(action.action)) {
    return refuse(refusal::kMalformed, "an action needs a plugin and a name");
  }
  const auto parameters = parseJson(action.parameters, {.bytes = kMaxParametersBytes});
  if (!parameters) {
    return refuse(refusal::kMalformed,
                  "parameters of " + action.plugin + "/" + action.action + ": " + parameters.error().text);
  }
  if (!parameters->is_object()) {
    return refuse(refusal::kMalformed,
                  "parameters of " + action.plugin + "/" + action.action + ": expected one JSON object");
  }
  return {};
}

Verdict<> checkFields(const Envelope& e) {
  if (!isName(e.command_id) || !isName(e.client_id) || !isName(e.agent_id) || !isName(e.command_type)) {
    return refuse(refusal::kMalformed, "an id or the command type is not a name");
  }
  if (e.actions.empty()) return refuse(refusal::kMalformed, "no action");
  for (const auto& action : e.actions) {
    if (auto ok = checkAction(action); !ok) return ok;
  }
  if (!e.plan_hash.empty() && e.plan_hash.size() != kHashBytes) {
    return refuse(refusal::kMalformed, "plan_hash: expected 32 bytes or none");
  }
  if (e.restore_epoch < 0 || e.issued_at < 0 || e.not_before < 0 || e.expires_at <= e.not_before) {
    return refuse(refusal::kMalformed, "a time or the epoch is out of range");
  }
  if (e.nonce.size() != kEnvelopeNonceBytes) return refuse(refusal::kMalformed, "nonce: expected 16 bytes");
  if (!isName(e.key_id)) return refuse(refusal::kMalformed, "key_id is not a name");
  return {};
}

void readActions(CanonicalReader& in, Envelope& e) {
  const std::uint32_t count = in.count(static_cast<std::uint32_t>(kMaxActions));
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    Action action;
    action.plugin = in.bytes(kMaxIdBytes);
    action.action = in.bytes(kMaxIdBytes);
    action.parameters = in.bytes(kMaxParametersBytes);
    e.actions.push_back(std::move(action));
  }
}

struct Transport {
  std::string key_id;
  std::string body;
  std::string signature;
};

Verdict<Transport> readTransport(const Json& json) {
  constexpr std::size_t kMaxBase64 = kMaxEnvelopeBytes / 3 * 4 + 4;
  JsonReader in(json, "envelope");
  const std::int64_t version = in.integer("version", INT64_MIN, INT64_MAX);
  Transport out;
  out.key_id = in.text("key_id", kMaxIdBytes);
  const std::string body = in.text("body", kMaxBase64);
  const std::string signature = in.text("signature", kMaxIdBytes * 2);
  if (auto ok = in.finish(); !ok) return refuse(refusal::kMalformed, ok.error().text);
  if (version != kEnvelopeVersion) {
    return refuse(refusal::kUnknownVersion,
                  "envelope version " + std::to_string(version) + " is not known here");
  }
  auto body_bytes = fromBase64(body);
  if (!body_bytes) return refuse(refusal::kMalformed, "envelope.body: " + body_bytes.error().text);
  auto signature_bytes = fromBase64(signature);
  if (!signature_bytes)
    return refuse(refusal::kBadSignature, "envelope.signature: " + signature_bytes.error().text);
  out.body = std::move(*body_bytes);
  out.signature = std::move(*signature_bytes);
  return out;
}

}  // namespace

std::string encodeEnvelope(const Envelope& e) {
  CanonicalWriter out;
  writeOrder(out, e);
  out.integer(e.issued_at);
  out.integer(e.not_before);
  out.integer(e.expires_at);
  out.bytes(e.nonce);
  out.bytes(e.key_id);
  return out.result();
}

Verdict<Envelope> decodeEnvelope(std::string_view body) {
  if (body.size() > kMaxEnvelopeBytes) return refuse(refusal::kMalformed, "the body is too long");
  CanonicalReader in(body);
  Envelope e;
  e.version = in.integer();
  if (in.ok() && e.version != kEnvelopeVersion) {
    return refuse(refusal::kUnknownVersion,
                  "envelope version " + std::to_string(e.version) + " is not known here");
  }
  e.command_id = in.bytes(kMaxIdBytes);
  e.client_id = in.bytes(kMaxIdBytes);
  e.agent_id = in.bytes(kMaxIdBytes);
  e.command_type = in.bytes(kMaxIdBytes);
  readActions(in, e);
  e.plan_hash = in.bytes(kHashBytes);
  e.restore_epoch = in.integer();
  e.issued_at = in.integer();
  e.not_before = in.integer();
  e.expires_at = in.integer();
  e.nonce = in.bytes(kEnvelopeNonceBytes);
  e.key_id = in.bytes(kMaxIdBytes);
  if (!in.atEnd())
    return refuse(refusal::kMalformed, "the body is cut short, over-long, or has bytes after its end");
  if (auto ok = checkFields(e); !ok) return tl::unexpected<Refused>(ok.error());
  return e;
}

Result<Json> sealEnvelope(Envelope envelope, const SigningKey& key) {
  envelope.nonce = randomBytes(kEnvelopeNonceBytes);
  envelope.key_id = keyId(key.publicKey());
  const std::string body = encodeEnvelope(envelope);
  if (auto ok = decodeEnvelope(body); !ok)
    return fail(Code::kInvalid, "command envelope: " + ok.error().text);
  return Json{{"version", kEnvelopeVersion},
              {"key_id", envelope.key_id},
              {"body", toBase64(body)},
              {"signature", toBase64(key.sign(signedBytes(body)))}};
}

Verdict<Envelope> openEnvelope(const Json& transport, const KeyLookup& keys) {
  const auto parts = readTransport(transport);
  if (!parts) return tl::unexpected<Refused>(parts.error());
  const auto public_key = keys(parts->key_id);
  if (!public_key) return refuse(refusal::kUnknownKey, "signed by a key that is not, or no longer, trusted");
  if (!verifySignature(signedBytes(parts->body), parts->signature, *public_key)) {
    return refuse(refusal::kBadSignature, "the signature does not match");
  }
  auto envelope = decodeEnvelope(parts->body);
  if (envelope && envelope->key_id != parts->key_id) {
    return refuse(refusal::kMalformed, "key_id differs between envelope and body");
  }
  return envelope;
}

Verdict<> checkAddressee(const Envelope& envelope, const std::string& agent_id,
                         const std::string& client_id) {
  if (envelope.agent_id != agent_id) return refuse(refusal::kWrongAgent, "the order is for another agent");
  if (envelope.client_id != client_id)
    return refuse(refusal::kWrongClient, "the order is for another client");
  return {};
}

Verdict<> checkTimes(const Envelope& envelope, std::int64_t now_ns) {
  // Both are at least zero, so the difference cannot overflow.
  const std::int64_t age = std::max<std::int64_t>(now_ns, 0) - envelope.issued_at;
  if (age > kClockToleranceNs || age < -kClockToleranceNs) {
    const std::string seconds = std::to_string(std::abs(age) / 1'000'000'000) + " s";
    return refuse(refusal::kClock, "by this machine's clock the order was issued " +
                                       (age > 0 ? seconds + " ago" : seconds + " from now") +
                                       "; at most 300 s either way are accepted");
  }
  return checkValidity(envelope, now_ns);
}

Verdict<> checkValidity(const Envelope& envelope, std::int64_t now_ns) {
  if (now_ns < envelope.not_before) return refuse(refusal::kNotYetValid, "the order is not valid yet");
  if (now_ns >= envelope.expires_at) return refuse(refusal::kExpired, "the order has expired");
  return {};
}

std::string identityHash(const Envelope& e) {
  CanonicalWriter out;
  writeOrder(out, e);
  out.integer(e.not_before);
  out.integer(e.expires_at);
  return sha256(out.result());
}

}  // namespace redflag::protocol
