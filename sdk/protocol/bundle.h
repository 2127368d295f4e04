#pragma once
// The enrolment bundle: one string that carries everything a new agent must trust. It is a secret (it holds
// the token).

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::protocol {

struct CommandKey {
  std::string key_id;
  std::string public_key;  // 32 raw bytes
};

// The root document of the server's trust repository from which an agent begins.
struct TrustRoot {
  std::int64_t version = 0;
  std::string sha256;  // of the file, 32 raw bytes
};

struct Bundle {
  std::vector<std::string> urls;  // "https://host[:port]", nothing after it
  std::string token;
  std::vector<std::string> authorities;  // CA certificates, DER; at least two
  TrustRoot root;
  std::string rebinds;  // the id of the agent that gets a new key by it; "" for a machine that joins
};

// kInvalid when decodeBundle() would refuse the result.
Result<std::string> encodeBundle(const Bundle& bundle);
// White space around it is ignored: it comes from terminals and files. kInvalid names the bad member.
Result<Bundle> decodeBundle(std::string_view text);

// The members "urls" and "ca" of a bundle or command list: where the server is, and what TLS believes of it.
void readServerPlaces(JsonReader& in, std::vector<std::string>& urls, std::vector<std::string>& authorities);

// [{"key_id","public_key"}…]. Refuses a key whose id is not derived from it, and a key named twice.
Result<std::vector<CommandKey>> commandKeysFromJson(const Json& list, const std::string& place);

}  // namespace redflag::protocol
