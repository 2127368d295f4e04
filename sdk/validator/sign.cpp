#include "validator/sign.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <fstream>
#include <memory>

#include "base/encoding.h"
#include "host/manifest.h"

namespace redflag::validator {
namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

Result<Key> readKey(const std::filesystem::path& file) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> in(std::fopen(file.c_str(), "re"), &std::fclose);
  if (!in) return fail(Code::kNotFound, file.string() + ": cannot be read");
  Key key(PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
  if (!key || EVP_PKEY_id(key.get()) != EVP_PKEY_ED25519) {
    return fail(Code::kInvalid,
                file.string() + ": expected a private key as `openssl genpkey -algorithm ed25519` makes it");
  }
  return key;
}

Result<std::string> publicKeyOf(const Key& key) {
  std::string raw(32, '\0');
  std::size_t size = raw.size();
  if (EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size) != 1)
    return fail(Code::kInternal, "the key has no public part");
  return raw;
}

Result<std::string> signatureOf(const Key& key, const std::string& text) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  std::string out(64, '\0');
  std::size_t size = out.size();
  if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                     reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
    return fail(Code::kInternal, "the manifest could not be signed");
  return out;
}

}  // namespace

Result<std::string> signManifest(const std::filesystem::path& file, const std::filesystem::path& key_file) {
  const auto place = std::filesystem::absolute(file);
  auto manifest = host::loadManifest(place.parent_path(), place.stem().string());
  if (!manifest) return tl::unexpected<Error>(manifest.error());
  const auto key = readKey(key_file);
  if (!key) return tl::unexpected<Error>(key.error());
  auto public_key = publicKeyOf(*key);
  if (!public_key) return public_key;
  manifest->publisher = "ed25519:" + toBase64(*public_key);
  auto signature = signatureOf(*key, host::signedText(*manifest));
  if (!signature) return signature;
  manifest->signature = toBase64(*signature);
  std::ofstream out(place, std::ios::binary | std::ios::trunc);
  out << host::encodeManifest(*manifest) << std::flush;
  if (!out) return fail(Code::kIo, place.string() + ": cannot be written");
  return manifest->publisher;
}

}  // namespace redflag::validator
