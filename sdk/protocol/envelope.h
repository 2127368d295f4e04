#pragma once
// One signed order to one agent. README.md has the byte layout; vectors/envelope.json has it as bytes.
//
// Whoever executes calls openEnvelope() and then checkAddressee() and checkTimes(), in this order, and
// consults its own journal by identityHash(). Nothing of a body is read before its signature is verified.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "protocol/keys.h"
#include "protocol/refused.h"

namespace redflag::protocol {

constexpr std::int64_t kEnvelopeVersion = 1;

struct Action {
  std::string plugin;
  std::string action;
  std::string parameters;  // the exact text of one JSON object
};

struct Envelope {
  std::int64_t version = kEnvelopeVersion;
  std::string command_id;
  std::string client_id;
  std::string agent_id;
  std::string command_type;
  std::vector<Action> actions;
  std::string plan_hash;  // 32 bytes, or empty
  std::int64_t restore_epoch = 0;
  std::int64_t issued_at = 0;  // ns since the epoch, as the next two
  std::int64_t not_before = 0;
  std::int64_t expires_at = 0;
  std::string nonce;   // 16 bytes
  std::string key_id;  // of the key that signs
};

// The canonical body. No checks: decodeEnvelope() makes them.
std::string encodeEnvelope(const Envelope& envelope);
// kMalformed or kUnknownVersion.
Verdict<Envelope> decodeEnvelope(std::string_view body);

// Sets nonce (fresh) and key_id, signs, and answers the transport form. kInvalid when decodeEnvelope() would
// refuse it.
Result<Json> sealEnvelope(Envelope envelope, const SigningKey& key);

// The public key (32 raw bytes) of a key id; nullopt when it is not, or no longer, trusted.
using KeyLookup = std::function<std::optional<std::string>(const std::string& key_id)>;
// Transport form -> body whose signature a trusted key made. kMalformed, kUnknownVersion, kUnknownKey or
// kBadSignature.
Verdict<Envelope> openEnvelope(const Json& transport, const KeyLookup& keys);

Verdict<> checkAddressee(const Envelope& envelope, const std::string& agent_id, const std::string& client_id);
// At acceptance: kClock when issued_at is more than 5 minutes off, then as checkValidity().
Verdict<> checkTimes(const Envelope& envelope, std::int64_t now_ns);
// From acceptance on, and again right before execution: kNotYetValid or kExpired.
Verdict<> checkValidity(const Envelope& envelope, std::int64_t now_ns);

// SHA-256 over what stays the same each time the command is signed: all but issued_at, nonce and key_id. 32
// raw bytes.
std::string identityHash(const Envelope& envelope);

}  // namespace redflag::protocol
