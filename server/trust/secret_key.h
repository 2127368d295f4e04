#pragma once
// A private key on disk, encrypted under a passphrase: Argon2id, then XSalsa20-Poly1305 (libsodium's
// crypto_pwhash and crypto_secretbox). The plain key is never written anywhere.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/keys.h"

namespace redflag::trust {

constexpr std::size_t kMinPassphraseBytes = 12;

// What one guess of the passphrase costs. The default is libsodium's "moderate": 256 MiB and most of a
// second.
struct Argon2Cost {
  std::int64_t operations = 3;
  std::int64_t memory_bytes = 256LL << 20;
};

// The file's text. kInvalid for a passphrase that is too short.
Result<std::string> lockKey(const protocol::SigningKey& key, std::string_view passphrase,
                            const Argon2Cost& cost = {});
// kDenied: wrong passphrase. kInvalid: not such a file, or one that would cost more than 1 GiB to open.
Result<protocol::SigningKey> unlockKey(std::string_view text, std::string_view passphrase);
// Whose key it is (32 raw bytes), without the passphrase.
Result<std::string> publicKeyOf(std::string_view text);

}  // namespace redflag::trust
