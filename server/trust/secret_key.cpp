#include "trust/secret_key.h"

#include <sodium.h>

#include <array>

#include "base/encoding.h"
#include "base/json.h"

namespace redflag::trust {
namespace {

constexpr std::size_t kMaxFileBytes = 4096;
constexpr std::int64_t kMostMemory = 1LL << 30;
constexpr std::int64_t kMostOperations = 16;

struct LockedKey {
  std::string public_key;
  std::int64_t operations = 0;
  std::int64_t memory_bytes = 0;
  std::string salt;
  std::string nonce;
  std::string box;
};

unsigned char* raw(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* raw(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Wiped when it goes.
struct WrappingKey {
  std::array<unsigned char, crypto_secretbox_KEYBYTES> bytes{};
  WrappingKey() = default;
  WrappingKey(const WrappingKey&) = delete;
  WrappingKey& operator=(const WrappingKey&) = delete;
  ~WrappingKey() { sodium_memzero(bytes.data(), bytes.size()); }
};

bool derive(WrappingKey& key, std::string_view passphrase, const LockedKey& locked) {
  return crypto_pwhash(key.bytes.data(), key.bytes.size(), passphrase.data(), passphrase.size(),
                       raw(locked.salt), static_cast<unsigned long long>(locked.operations),
                       static_cast<std::size_t>(locked.memory_bytes), crypto_pwhash_ALG_ARGON2ID13) == 0;
}

std::string bytesOf(JsonReader& in, const char* member, std::size_t size) {
  auto out = fromBase64Url(in.text(member, 512));
  if (!out || out->size() != size) in.refuse(member, std::to_string(size) + " bytes in base64url");
  return out.value_or("");
}

Result<LockedKey> readLocked(std::string_view text) {
  const auto json = parseJson(text, {.bytes = kMaxFileBytes, .depth = 2, .values = 32});
  if (!json) return failAt("key file", json.error());
  LockedKey out;
  JsonReader in(*json, "key file");
  in.integer("v", 1, 1);
  if (in.text("kdf", 32) != "argon2id13") in.refuse("kdf", "argon2id13");
  out.public_key = bytesOf(in, "public_key", protocol::kPublicKeyBytes);
  out.operations = in.integer("operations", 1, kMostOperations);
  out.memory_bytes = in.integer("memory_bytes", crypto_pwhash_MEMLIMIT_MIN, kMostMemory);
  out.salt = bytesOf(in, "salt", crypto_pwhash_SALTBYTES);
  out.nonce = bytesOf(in, "nonce", crypto_secretbox_NONCEBYTES);
  out.box = bytesOf(in, "box", protocol::kSeedBytes + crypto_secretbox_MACBYTES);
  if (auto ok = in.finish(); !ok) return tl::unexpected<Error>(ok.error());
  return out;
}

}  // namespace

Result<std::string> lockKey(const protocol::SigningKey& key, std::string_view passphrase,
                            const Argon2Cost& cost) {
  if (passphrase.size() < kMinPassphraseBytes) {
    return fail(Code::kInvalid,
                "passphrase: expected at least " + std::to_string(kMinPassphraseBytes) + " characters");
  }
  LockedKey out{key.publicKey(),
                cost.operations,
                cost.memory_bytes,
                randomBytes(crypto_pwhash_SALTBYTES),
                randomBytes(crypto_secretbox_NONCEBYTES),
                std::string(protocol::kSeedBytes + crypto_secretbox_MACBYTES, '\0')};
  WrappingKey wrapping;
  if (!derive(wrapping, passphrase, out)) return fail(Code::kLimit, "there is no memory for Argon2id");
  std::string seed = key.seed();
  crypto_secretbox_easy(raw(out.box), raw(seed), seed.size(), raw(out.nonce), wrapping.bytes.data());
  sodium_memzero(seed.data(), seed.size());
  return dumpJson({{"v", 1},
                   {"kdf", "argon2id13"},
                   {"public_key", toBase64Url(out.public_key)},
                   {"operations", out.operations},
                   {"memory_bytes", out.memory_bytes},
                   {"salt", toBase64Url(out.salt)},
                   {"nonce", toBase64Url(out.nonce)},
                   {"box", toBase64Url(out.box)}}) +
         "\n";
}

Result<protocol::SigningKey> unlockKey(std::string_view text, std::string_view passphrase) {
  const auto locked = readLocked(text);
  if (!locked) return tl::unexpected<Error>(locked.error());
  WrappingKey wrapping;
  if (!derive(wrapping, passphrase, *locked)) return fail(Code::kLimit, "there is no memory for Argon2id");
  std::string seed(protocol::kSeedBytes, '\0');
  if (crypto_secretbox_open_easy(raw(seed), raw(locked->box), locked->box.size(), raw(locked->nonce),
                                 wrapping.bytes.data()) != 0) {
    return fail(Code::kDenied, "wrong passphrase");
  }
  auto key = protocol::SigningKey::fromSeed(seed);
  sodium_memzero(seed.data(), seed.size());
  if (key && key->publicKey() != locked->public_key) {
    return fail(Code::kInvalid, "key file.public_key: expected the one of the key inside");
  }
  return key;
}

Result<std::string> publicKeyOf(std::string_view text) {
  auto locked = readLocked(text);
  if (!locked) return tl::unexpected<Error>(locked.error());
  return std::move(locked->public_key);
}

}  // namespace redflag::trust
