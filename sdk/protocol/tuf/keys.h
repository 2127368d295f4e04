#pragma once
// Public keys as TUF metadata holds them. ed25519 by libsodium, ECDSA on P-256 and RSA-PSS (both with
// SHA-256) by OpenSSL. A key of a kind that is not known is kept, and verifies nothing.

#include <string>
#include <string_view>

#include "base/json.h"

namespace redflag::tuf {

enum class KeyKind { kUnknown, kEd25519, kEcdsaP256, kRsaPss };

struct Key {
  KeyKind kind = KeyKind::kUnknown;
  // 32 raw bytes, or the public key in DER: the same for two spellings of the same key. "" where unknown.
  std::string material;
};

// {"keytype","scheme","keyval":{"public"}}. kInvalid when one of these is missing or no text; a damaged or
// unknown public key is no error, but a key that verifies nothing.
Result<Key> keyFromJson(const Json& json, const std::string& place);

bool verify(const Key& key, std::string_view message, std::string_view signature);

// As metadata holds an Ed25519 key, and the id it goes by: SHA-256 of its canonical form, in hex.
Json ed25519KeyToJson(std::string_view public_key);
std::string tufKeyId(const Json& key);

}  // namespace redflag::tuf
