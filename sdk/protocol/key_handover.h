#pragma once
// What an agent says when it gets a new key: that it holds the one it has, and the one that is to follow. The
// old key signs the message, the new one signs that and the old one's signature: whoever has only one of
// them can hand nothing over.

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "protocol/keys.h"

namespace redflag::protocol {

struct KeyHandover {
  std::string agent_id;
  std::string command_id;  // of the order that asked for it
  std::string old_key;     // public, 32 raw bytes
  std::string new_key;     // public, 32 raw bytes; another one

  bool operator==(const KeyHandover&) const = default;
};

// {"body": base64 of the canonical bytes, "by_old": base64, "by_new": base64}. The keys are those of the
// message.
Json sealKeyHandover(const std::string& agent_id, const std::string& command_id, const SigningKey& old_key,
                     const SigningKey& new_key);
// kDenied: not signed by both keys that it names; kInvalid: not a well-formed message. Whose the old key is,
// the caller has to know.
Result<KeyHandover> openKeyHandover(const Json& transport);

}  // namespace redflag::protocol
