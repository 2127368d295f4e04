#include "protocol/tuf/keys.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

#include "base/encoding.h"
#include "protocol/keys.h"
#include "protocol/tuf/canonical_json.h"

namespace redflag::tuf {
namespace {

constexpr std::size_t kMaxPublicBytes = 8192;
constexpr std::size_t kPointBytes = 65;  // 0x04, x, y
constexpr int kLeastRsaBits = 2048;
constexpr int kMostRsaBits = 8192;  // checking more would be work for an attacker to give

using PublicKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

PublicKey fromPem(const std::string& text) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  PublicKey key(in ? PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr) : nullptr, &EVP_PKEY_free);
  ERR_clear_error();
  return key;
}

PublicKey fromPoint(std::string point) {
  std::string group = SN_X9_62_prime256v1;
  const std::array<OSSL_PARAM, 3> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (context && EVP_PKEY_fromdata_init(context.get()) == 1) {
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters.data()));
  }
  ERR_clear_error();
  return {key, &EVP_PKEY_free};
}

bool isP256(const EVP_PKEY* key) {
  std::array<char, 64> group{};
  return EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(),
                                        nullptr) == 1 &&
         std::string_view(group.data()) == SN_X9_62_prime256v1;
}

bool isGoodRsa(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  return EVP_PKEY_is_a(key, "RSA") == 1 && bits >= kLeastRsaBits && bits <= kMostRsaBits;
}

std::string derOf(EVP_PKEY* key) {
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(key, &raw);
  if (size <= 0) return {};
  std::string der(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
  OPENSSL_free(raw);
  return der;
}

std::string pointOf(EVP_PKEY* key) {
  std::array<unsigned char, kPointBytes> point{};
  std::size_t size = 0;
  EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed");
  if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1)
    return {};
  return {reinterpret_cast<const char*>(point.data()), size};
}

// One form, however point and curve were written (a curve may be spelt out in full): a key counts once.
std::string ecdsaMaterial(const std::string& text) {
  auto point = fromHex(text);
  if (!point || point->size() != kPointBytes || point->front() != 4) {
    const PublicKey written = fromPem(text);
    if (!written || !isP256(written.get())) return {};
    point = pointOf(written.get());
  }
  const PublicKey key = fromPoint(std::move(*point));
  return key && isP256(key.get()) ? derOf(key.get()) : std::string();
}

std::string rsaMaterial(const std::string& text) {
  const PublicKey key = fromPem(text);
  return key && isGoodRsa(key.get()) ? derOf(key.get()) : std::string();
}

std::string ed25519Material(const std::string& text) {
  auto raw = fromHex(text);
  return raw && raw->size() == protocol::kPublicKeyBytes ? std::move(*raw) : std::string();
}

Key keyOf(const std::string& type, const std::string& scheme, const std::string& text) {
  if (type == "ed25519" && scheme == "ed25519") return {KeyKind::kEd25519, ed25519Material(text)};
  if ((type == "ecdsa" || type == "ecdsa-sha2-nistp256") && scheme == "ecdsa-sha2-nistp256") {
    return {KeyKind::kEcdsaP256, ecdsaMaterial(text)};
  }
  if (type == "rsa" && scheme == "rsassa-pss-sha256") return {KeyKind::kRsaPss, rsaMaterial(text)};
  return {};
}

bool askForPss(EVP_PKEY_CTX* parameters) {
  return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_AUTO) == 1 &&
         EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, EVP_sha256()) == 1;
}

bool verifyByOpenSsl(const Key& key, std::string_view message, std::string_view signature) {
  const unsigned char* at = octets(key.material);
  const PublicKey parsed(d2i_PUBKEY(nullptr, &at, static_cast<long>(key.material.size())), &EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* parameters = nullptr;  // the context's
  const bool good =
      parsed && context &&
      EVP_DigestVerifyInit(context.get(), &parameters, EVP_sha256(), nullptr, parsed.get()) == 1 &&
      (key.kind != KeyKind::kRsaPss || askForPss(parameters)) &&
      EVP_DigestVerify(context.get(), octets(signature), signature.size(), octets(message), message.size()) ==
          1;
  ERR_clear_error();
  return good;
}

}  // namespace

Result<Key> keyFromJson(const Json& json, const std::string& place) {
  JsonReader in(json, place);
  const std::string type = in.text("keytype", 64);
  const std::string scheme = in.text("scheme", 64);
  const Json& value = in.object("keyval");
  if (auto ok = in.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  JsonReader keyval(value, place + ".keyval");
  const std::string text = keyval.text("public", kMaxPublicBytes);
  if (auto ok = keyval.finishIgnoringUnknown(); !ok) return tl::unexpected<Error>(ok.error());
  return keyOf(type, scheme, text);
}

bool verify(const Key& key, std::string_view message, std::string_view signature) {
  if (key.material.empty() || signature.empty()) return false;
  if (key.kind == KeyKind::kEd25519) return protocol::verifySignature(message, signature, key.material);
  return verifyByOpenSsl(key, message, signature);
}

Json ed25519KeyToJson(std::string_view public_key) {
  return {{"keytype", "ed25519"}, {"scheme", "ed25519"}, {"keyval", {{"public", toHex(public_key)}}}};
}

std::string tufKeyId(const Json& key) {
  return toHex(sha256(canonicalJson(key).value_or("")));
}

}  // namespace redflag::tuf
