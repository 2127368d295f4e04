#include "protocol/tuf/keys.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <memory>

#include "base/encoding.h"
#include "protocol/keys.h"

namespace redflag::tuf {
namespace {

using Pair = std::shared_ptr<EVP_PKEY>;

Pair owned(EVP_PKEY* key) {
  return {key, &EVP_PKEY_free};
}

std::string pemOf(const Pair& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PUBKEY(out.get(), key.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string pointOf(const Pair& key) {
  std::array<unsigned char, 133> point{};
  std::size_t size = 0;
  EVP_PKEY_get_octet_string_param(key.get(), "pub", point.data(), point.size(), &size);
  return toHex({reinterpret_cast<const char*>(point.data()), size});
}

std::string signedBy(const Pair& key, const std::string& message, bool pss,
                     const EVP_MD* digest = EVP_sha256()) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* parameters = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, key.get()), 1);
  if (pss) EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING);
  std::array<unsigned char, 1024> signature{};
  std::size_t size = signature.size();
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  EXPECT_EQ(EVP_DigestSign(context.get(), signature.data(), &size, bytes, message.size()), 1);
  return {reinterpret_cast<const char*>(signature.data()), size};
}

Key keyOf(const std::string& type, const std::string& scheme, const std::string& text) {
  return keyFromJson({{"keytype", type}, {"scheme", scheme}, {"keyval", {{"public", text}}}}, "key").value();
}

TEST(TufKeys, believe_ed25519) {
  ASSERT_TRUE(initCrypto());
  const auto secret = protocol::SigningKey::generate();
  const Key key = keyFromJson(ed25519KeyToJson(secret.publicKey()), "key").value();
  EXPECT_TRUE(verify(key, "text", secret.sign("text")));
  EXPECT_FALSE(verify(key, "Text", secret.sign("text")));
  EXPECT_FALSE(verify(key, "text", ""));
}

TEST(TufKeys, believe_ecdsa_on_p256_as_pem_or_hex_and_under_both_names) {
  const Pair secret = owned(EVP_EC_gen("P-256"));
  const std::string signature = signedBy(secret, "text", false);
  for (const char* type : {"ecdsa", "ecdsa-sha2-nistp256"}) {
    for (const std::string& text : {pemOf(secret), pointOf(secret)}) {
      const Key key = keyOf(type, "ecdsa-sha2-nistp256", text);
      EXPECT_TRUE(verify(key, "text", signature));
      EXPECT_FALSE(verify(key, "Text", signature));
      EXPECT_FALSE(verify(key, "text", signature.substr(1)));
    }
  }
}

TEST(TufKeys, are_the_same_however_an_elliptic_point_is_written) {
  const Pair secret = owned(EVP_EC_gen("P-256"));
  const std::string plain = pemOf(secret);
  const std::string point = pointOf(secret);
  EVP_PKEY_set_utf8_string_param(secret.get(), "point-format", "compressed");
  const std::string compressed = pemOf(secret);
  ASSERT_NE(plain, compressed);
  const auto material = [](const std::string& text) {
    return keyOf("ecdsa", "ecdsa-sha2-nistp256", text).material;
  };
  EXPECT_FALSE(material(plain).empty());
  EXPECT_EQ(material(plain), material(compressed));
  EVP_PKEY_set_utf8_string_param(secret.get(), "encoding", "explicit");
  const std::string spelt_out = pemOf(secret);
  ASSERT_GT(spelt_out.size(), 2 * plain.size());
  EXPECT_EQ(material(plain), material(spelt_out));
  EXPECT_EQ(material(plain), material(point));
}

TEST(TufKeys, believe_rsa_with_pss_and_nothing_else) {
  const Pair secret = owned(EVP_RSA_gen(2048));
  const Key key = keyOf("rsa", "rsassa-pss-sha256", pemOf(secret));
  EXPECT_TRUE(verify(key, "text", signedBy(secret, "text", true)));
  EXPECT_FALSE(verify(key, "Text", signedBy(secret, "text", true)));
  EXPECT_FALSE(verify(key, "text", signedBy(secret, "text", false))) << "PKCS#1 1.5";
  EXPECT_FALSE(verify(key, "text", signedBy(secret, "text", true, EVP_sha512())));
}

TEST(TufKeys, of_unknown_weak_or_damaged_kinds_verify_nothing) {
  const Pair p384 = owned(EVP_EC_gen("P-384"));
  EXPECT_FALSE(
      verify(keyOf("ecdsa", "ecdsa-sha2-nistp256", pemOf(p384)), "text", signedBy(p384, "text", false)));
  const Pair small = owned(EVP_RSA_gen(1024));
  EXPECT_FALSE(
      verify(keyOf("rsa", "rsassa-pss-sha256", pemOf(small)), "text", signedBy(small, "text", true)));
  const Pair p256 = owned(EVP_EC_gen("P-256"));
  const std::string signature = signedBy(p256, "text", false);
  EXPECT_FALSE(verify(keyOf("rsa", "rsassa-pss-sha256", pemOf(p256)), "text", signature));
  EXPECT_FALSE(verify(keyOf("ecdsa", "ecdsa-sha2-nistp384", pemOf(p256)), "text", signature));
  EXPECT_FALSE(verify(keyOf("post-quantum", "x", pemOf(p256)), "text", signature));
  EXPECT_FALSE(
      verify(keyOf("ecdsa", "ecdsa-sha2-nistp256", "04" + std::string(128, '0')), "text", signature));
  EXPECT_TRUE(keyOf("ed25519", "ed25519", "abcd").material.empty());
}

TEST(TufKeys, need_their_members) {
  const auto key = keyFromJson({{"keytype", "ed25519"}, {"keyval", {{"public", "00"}}}}, "root.keys.a");
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().text.find("root.keys.a.scheme"), std::string::npos) << key.error().text;
}

}  // namespace
}  // namespace redflag::tuf
