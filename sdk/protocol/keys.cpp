#include "protocol/keys.h"

#include <sodium.h>

#include "base/encoding.h"

namespace redflag::protocol {
namespace {

constexpr std::size_t kKeyIdDigits = 16;

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytesOf(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

}  // namespace

SigningKey SigningKey::generate() {
  SigningKey key;
  key.public_key_.resize(kPublicKeyBytes);
  crypto_sign_keypair(bytesOf(key.public_key_), key.secret_.data());
  return key;
}

Result<SigningKey> SigningKey::fromSeed(std::string_view seed) {
  if (seed.size() != kSeedBytes) return fail(Code::kInvalid, "an Ed25519 seed has 32 bytes");
  SigningKey key;
  key.public_key_.resize(kPublicKeyBytes);
  crypto_sign_seed_keypair(bytesOf(key.public_key_), key.secret_.data(), bytesOf(seed));
  return key;
}

SigningKey::~SigningKey() {
  sodium_memzero(secret_.data(), secret_.size());
}

std::string SigningKey::seed() const {
  std::string seed(kSeedBytes, '\0');
  crypto_sign_ed25519_sk_to_seed(bytesOf(seed), secret_.data());
  return seed;
}

std::string SigningKey::sign(std::string_view message) const {
  std::string signature(kSignatureBytes, '\0');
  crypto_sign_detached(bytesOf(signature), nullptr, bytesOf(message), message.size(), secret_.data());
  return signature;
}

bool verifySignature(std::string_view message, std::string_view signature, std::string_view public_key) {
  if (signature.size() != kSignatureBytes || public_key.size() != kPublicKeyBytes) return false;
  return crypto_sign_verify_detached(bytesOf(signature), bytesOf(message), message.size(),
                                     bytesOf(public_key)) == 0;
}

std::string keyId(std::string_view public_key) {
  return toHex(sha256(public_key)).substr(0, kKeyIdDigits);
}

}  // namespace redflag::protocol
