#pragma once
// What an agent says of itself each time it asks for a new access token: numbered, each built on the answer
// to the one before, signed. Two machines that hold one agent's state write documents that contradict each
// other.

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/keys.h"

namespace redflag::protocol {

struct StateDocument {
  std::string agent_id;
  std::int64_t number = 0;  // 1 is the first
  std::string boot_id;
  std::string machine;   // machineHash(), 32 bytes
  std::string previous;  // tokenHash() of the refresh token it is sent with, 32 bytes
  std::string nonce;     // 16 random bytes: what two copies write differs, whatever else they say

  bool operator==(const StateDocument&) const = default;
};

struct OpenedDocument {
  StateDocument document;
  std::string hash;  // 32 bytes; the same for the same document sent again
};

// {"body": base64 of the canonical bytes, "signature": base64}. The document is well-formed.
Json sealStateDocument(const StateDocument& document, const SigningKey& key);
// kDenied: not this key's signature; kInvalid: not a well-formed document.
Result<OpenedDocument> openStateDocument(const Json& transport, std::string_view public_key);

// Raw bytes. Salted with the agent's id, so that a machine is not recognised by another server.
std::string machineHash(const std::string& agent_id, const std::string& machine_id);
std::string tokenHash(std::string_view refresh_token);

constexpr std::size_t kRefreshTokenBytes = 32;

}  // namespace redflag::protocol
