#include "trust/secret_key.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/json.h"

namespace redflag::trust {
namespace {

constexpr const char* kPassphrase = "correct horse battery";

// One of them for all: making it costs a quarter of a gigabyte and a second.
const std::string& lockedText() {
  static const std::string text = [] {
    EXPECT_TRUE(initCrypto());
    return lockKey(protocol::SigningKey::fromSeed(std::string(32, 'k')).value(), kPassphrase).value();
  }();
  return text;
}

TEST(SecretKey, opens_with_its_passphrase_alone) {
  const auto key = unlockKey(lockedText(), kPassphrase);
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(key->seed(), std::string(32, 'k'));
  EXPECT_EQ(publicKeyOf(lockedText()).value(), key->publicKey());
  EXPECT_EQ(unlockKey(lockedText(), "correct horse batterY").error().code, Code::kDenied);
}

TEST(SecretKey, is_not_in_the_file_in_any_spelling) {
  const std::string seed(32, 'k');
  for (const std::string& spelled : {seed, toHex(seed), toBase64(seed), toBase64Url(seed)})
    EXPECT_EQ(lockedText().find(spelled), std::string::npos);
}

TEST(SecretKey, refuses_a_short_passphrase) {
  EXPECT_EQ(lockKey(protocol::SigningKey::generate(), "short").error().code, Code::kInvalid);
}

TEST(SecretKey, notices_that_its_file_was_changed) {
  Json json = Json::parse(lockedText());
  json["public_key"] = toBase64Url(protocol::SigningKey::generate().publicKey());
  EXPECT_FALSE(unlockKey(json.dump(), kPassphrase));
  json = Json::parse(lockedText());
  json["box"] = toBase64Url(std::string(48, 'x'));
  EXPECT_EQ(unlockKey(json.dump(), kPassphrase).error().code, Code::kDenied);
}

TEST(SecretKey, refuses_a_file_that_would_cost_more_than_a_gigabyte) {
  Json json = Json::parse(lockedText());
  json["memory_bytes"] = 1LL << 40;
  const auto key = unlockKey(json.dump(), kPassphrase);
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().text.find("memory_bytes"), std::string::npos) << key.error().text;
}

}  // namespace
}  // namespace redflag::trust
