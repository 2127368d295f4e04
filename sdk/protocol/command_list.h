#pragma once
// The target `trust/commands.json`, signed by the offline targets role: which keys may sign orders, and when.
// A stolen command key ends with the next list, and cannot name its own successor.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/bundle.h"
#include "protocol/envelope.h"

namespace redflag::protocol {

constexpr const char* kCommandListTarget = "trust/commands.json";
constexpr std::size_t kMaxCommandListBytes = 64U << 10;

struct ListedKey {
  CommandKey key;
  std::int64_t not_before = 0;  // ns since the epoch, as the next
  std::int64_t not_after = 0;
};

struct CommandList {
  std::vector<ListedKey> keys;
  std::int64_t minimal_envelope_version = 1;  // older envelopes are refused
  std::int64_t restore_epoch = 0;             // orders of an older one are refused
  std::vector<std::string> urls;              // of the server, as in a bundle
  std::vector<std::string> authorities;       // CA certificates, DER: what TLS believes

  // For openEnvelope(): the key's 32 raw bytes while it is valid.
  std::optional<std::string> publicKey(const std::string& key_id, std::int64_t now_ns) const;
};

// By what a CA certificate (DER) is named where agents tell which ones they believe: the first digits of its
// SHA-256.
constexpr std::size_t kAuthorityMarkDigits = 16;
std::string authorityMark(std::string_view der);

// openEnvelope() by a key of the list that is valid now, in a version that still is, and of the present
// epoch: kUnknownVersion and kOldEpoch, too.
Verdict<Envelope> openListed(const Json& transport, const CommandList& list, std::int64_t now_ns);

// kInvalid when decodeCommandList() would refuse the result.
Result<std::string> encodeCommandList(const CommandList& list);
// kInvalid or kLimit names the bad member.
Result<CommandList> decodeCommandList(std::string_view text);

}  // namespace redflag::protocol
