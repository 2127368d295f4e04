#include "identity/sealed_key.h"

#include <sodium.h>

#include "base/encoding.h"
#include "base/json.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::string_view kDomain = "redflag-agent-key-v1";
constexpr std::size_t kSaltBytes = 32;
constexpr std::size_t kMaxKeyBytes = 4096;
constexpr const char* kMachineBinding = "machine-id";
constexpr const char* kNoBinding = "none";

const unsigned char* bytesOf(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytesOf(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// Said out loud under the seal, so that a sealed key cannot be passed off as an unbound one.
std::string contextOf(const std::string& binding) {
  return std::string(kDomain) + '\0' + binding;
}

std::string wrappingKey(const std::string& binding, const std::string& salt, const std::string& machine_id) {
  const std::string message = contextOf(binding) + '\0' + machine_id;
  std::string key(crypto_aead_xchacha20poly1305_ietf_KEYBYTES, '\0');
  crypto_generichash(bytesOf(key), key.size(), bytesOf(message), message.size(), bytesOf(salt), salt.size());
  return key;
}

std::string seal(const std::string& plain, const std::string& key, const std::string& nonce,
                 const std::string& context) {
  std::string out(plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytesOf(out), nullptr, bytesOf(plain), plain.size(),
                                             bytesOf(context), context.size(), nullptr, bytesOf(nonce),
                                             bytesOf(key));
  return out;
}

Result<std::string> open(const std::string& sealed, const std::string& key, const std::string& nonce,
                         const std::string& context) {
  constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
  std::string out(sealed.size() < kTag ? 0 : sealed.size() - kTag, '\0');
  if (sealed.size() < kTag || crypto_aead_xchacha20poly1305_ietf_decrypt(
                                  bytesOf(out), nullptr, nullptr, bytesOf(sealed), sealed.size(),
                                  bytesOf(context), context.size(), bytesOf(nonce), bytesOf(key)) != 0) {
    return fail(
        Code::kDenied,
        "the agent's key does not open on this machine: it was made on another one, or its file was changed. "
        "Enrol again with `redflag-agent enroll --replace`");
  }
  return out;
}

}  // namespace

Result<> saveSealedKey(const std::filesystem::path& file, const protocol::SigningKey& key,
                       const std::string& machine_id) {
  const std::string binding = machine_id.empty() ? kNoBinding : kMachineBinding;
  const std::string salt = randomBytes(kSaltBytes);
  const std::string nonce = randomBytes(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const std::string sealed =
      seal(key.seed(), wrappingKey(binding, salt, machine_id), nonce, contextOf(binding));
  const Json json = {{"v", 1},
                     {"binding", binding},
                     {"salt", toBase64(salt)},
                     {"nonce", toBase64(nonce)},
                     {"sealed", toBase64(sealed)}};
  return platform::writeFileAtomic(file, dumpJson(json), 0600);
}

Result<protocol::SigningKey> loadSealedKey(const std::filesystem::path& file, const std::string& machine_id) {
  const auto text = platform::readFile(file, kMaxKeyBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  if (auto ok = platform::checkOnlyOursToWrite(file); !ok) return tl::unexpected<Error>(ok.error());
  const auto json = parseJson(*text, {.bytes = kMaxKeyBytes, .depth = 2, .values = 8});
  const auto damaged = [&] { return fail(Code::kCorrupt, file.string() + " is damaged; enrol again"); };
  if (!json) return damaged();
  JsonReader in(*json, "key");
  in.integer("v", 1, 1);
  const std::string binding = in.text("binding", 32);
  const auto salt = fromBase64(in.text("salt", 64));
  const auto nonce = fromBase64(in.text("nonce", 64));
  const auto sealed = fromBase64(in.text("sealed", 128));
  if (!in.finish() || !salt || !nonce || !sealed || salt->size() != kSaltBytes ||
      nonce->size() != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
    return damaged();
  }
  const std::string machine = binding == kNoBinding ? std::string() : machine_id;
  const auto seed = open(*sealed, wrappingKey(binding, *salt, machine), *nonce, contextOf(binding));
  if (!seed) return tl::unexpected<Error>(seed.error());
  return protocol::SigningKey::fromSeed(*seed);
}

}  // namespace redflag::kernel
