#pragma once
// Ed25519 keys. Verification is libsodium's: low-order keys, low-order R and non-canonical S are refused.

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::protocol {

constexpr std::size_t kPublicKeyBytes = 32;
constexpr std::size_t kSeedBytes = 32;
constexpr std::size_t kSignatureBytes = 64;

// A secret key; its memory is wiped when it goes.
class SigningKey {
 public:
  static SigningKey generate();
  // kInvalid unless the seed has 32 bytes.
  static Result<SigningKey> fromSeed(std::string_view seed);

  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  const std::string& publicKey() const { return public_key_; }  // 32 raw bytes
  std::string seed() const;                                     // 32 raw bytes: what is stored
  std::string sign(std::string_view message) const;             // 64 raw bytes

 private:
  SigningKey() = default;
  std::array<unsigned char, 64> secret_{};
  std::string public_key_;
};

// False for any wrong size as well.
bool verifySignature(std::string_view message, std::string_view signature, std::string_view public_key);

// The first 16 hexadecimal digits of SHA-256(public key).
std::string keyId(std::string_view public_key);

}  // namespace redflag::protocol
