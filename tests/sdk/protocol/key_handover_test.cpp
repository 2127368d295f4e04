#include "protocol/key_handover.h"

#include <gtest/gtest.h>

#include "vectors.h"

namespace redflag::protocol {
namespace {

TEST(KeyHandover, agrees_with_the_golden_vectors) {
  ASSERT_TRUE(initCrypto());
  for (const Json& vector : vectors("key_handover.json")) {
    const auto old_key = SigningKey::fromSeed(hexBytes(vector["old_seed"])).value();
    const auto new_key = SigningKey::fromSeed(hexBytes(vector["new_seed"])).value();
    const Json& fields = vector["fields"];
    EXPECT_EQ(sealKeyHandover(fields["agent_id"], fields["command_id"], old_key, new_key),
              vector["transport"]);
    const auto opened = openKeyHandover(vector["transport"]);
    ASSERT_TRUE(opened) << opened.error().text;
    const KeyHandover expected{fields["agent_id"], fields["command_id"], old_key.publicKey(),
                               new_key.publicKey()};
    EXPECT_EQ(*opened, expected);
  }
}

TEST(KeyHandover, with_any_bit_changed_is_refused) {
  ASSERT_TRUE(initCrypto());
  const Json sealed = sealKeyHandover("agent-1", "command-1", SigningKey::generate(), SigningKey::generate());
  ASSERT_TRUE(openKeyHandover(sealed));
  for (const char* member : {"body", "by_old", "by_new"}) {
    const std::string bytes = fromBase64(sealed[member].get<std::string>()).value();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string changed = bytes;
      changed[bit / 8] = static_cast<char>(static_cast<unsigned char>(changed[bit / 8]) ^ (1U << bit % 8));
      Json forged = sealed;
      forged[member] = toBase64(changed);
      EXPECT_FALSE(openKeyHandover(forged)) << member << ' ' << bit;
    }
  }
}

TEST(KeyHandover, that_only_one_of_the_keys_signed_is_refused) {
  ASSERT_TRUE(initCrypto());
  const auto old_key = SigningKey::generate();
  const auto new_key = SigningKey::generate();
  const auto thief = SigningKey::generate();
  const Json sealed = sealKeyHandover("agent-1", "command-1", old_key, new_key);
  // A thief has the old key alone, or a new one alone, and what was overheard.
  Json forged = sealed;
  forged["by_old"] = sealKeyHandover("agent-1", "command-1", thief, new_key)["by_old"];
  EXPECT_EQ(openKeyHandover(forged).error().code, Code::kDenied);
  forged = sealed;
  forged["by_new"] = sealKeyHandover("agent-1", "command-1", old_key, thief)["by_new"];
  EXPECT_EQ(openKeyHandover(forged).error().code, Code::kDenied);
  forged = sealed;
  forged["body"] = sealKeyHandover("agent-1", "command-2", old_key, new_key)["body"];
  EXPECT_EQ(openKeyHandover(forged).error().code, Code::kDenied);
}

TEST(KeyHandover, that_is_malformed_is_refused_though_its_signatures_are_good) {
  ASSERT_TRUE(initCrypto());
  const auto key = SigningKey::generate();
  const auto other = SigningKey::generate();
  EXPECT_EQ(openKeyHandover(sealKeyHandover("agent-1", "command-1", key, key)).error().code, Code::kInvalid)
      << "a key cannot follow itself";
  EXPECT_EQ(openKeyHandover(sealKeyHandover("", "command-1", key, other)).error().code, Code::kInvalid);
  EXPECT_EQ(openKeyHandover(sealKeyHandover("agent-1", "", key, other)).error().code, Code::kInvalid);
  EXPECT_EQ(openKeyHandover(sealKeyHandover("agent-1", std::string(65, 'c'), key, other)).error().code,
            Code::kInvalid);
  Json more = sealKeyHandover("agent-1", "command-1", key, other);
  more["extra"] = 1;
  EXPECT_FALSE(openKeyHandover(more));
  EXPECT_FALSE(openKeyHandover(Json::object()));
}

}  // namespace
}  // namespace redflag::protocol
