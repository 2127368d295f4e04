#include "protocol/state_document.h"

#include <gtest/gtest.h>

#include "vectors.h"

namespace redflag::protocol {
namespace {

StateDocument someDocument() {
  return {"agent-1",           3, "boot-1", machineHash("agent-1", "machine"), tokenHash("token"),
          std::string(16, 'n')};
}

TEST(StateDocument, agrees_with_the_golden_vectors) {
  ASSERT_TRUE(initCrypto());
  for (const Json& vector : vectors("state_document.json")) {
    const auto key = SigningKey::fromSeed(hexBytes(vector["seed"])).value();
    const Json& fields = vector["fields"];
    StateDocument document;
    document.agent_id = fields["agent_id"];
    document.number = fields["number"];
    document.boot_id = fields["boot_id"];
    document.machine = machineHash(document.agent_id, vector["machine_id"]);
    document.previous = tokenHash(hexBytes(vector["refresh_token"]));
    document.nonce = hexBytes(fields["nonce"]);
    EXPECT_EQ(toHex(document.machine), vector["machine"]);
    EXPECT_EQ(toHex(document.previous), vector["previous"]);
    EXPECT_EQ(sealStateDocument(document, key), vector["transport"]);
    const auto opened = openStateDocument(vector["transport"], hexBytes(vector["public_key"]));
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(opened->document, document);
    EXPECT_EQ(toHex(opened->hash), vector["hash"]);
  }
}

TEST(StateDocument, with_any_bit_changed_is_refused) {
  ASSERT_TRUE(initCrypto());
  const auto key = SigningKey::generate();
  const Json sealed = sealStateDocument(someDocument(), key);
  ASSERT_TRUE(openStateDocument(sealed, key.publicKey()));
  for (const char* member : {"body", "signature"}) {
    const std::string bytes = fromBase64(sealed[member].get<std::string>()).value();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string changed = bytes;
      changed[bit / 8] = static_cast<char>(static_cast<unsigned char>(changed[bit / 8]) ^ (1U << bit % 8));
      Json forged = sealed;
      forged[member] = toBase64(changed);
      EXPECT_FALSE(openStateDocument(forged, key.publicKey())) << member << ' ' << bit;
    }
  }
  EXPECT_EQ(openStateDocument(sealed, SigningKey::generate().publicKey()).error().code, Code::kDenied);
}

TEST(StateDocument, that_is_malformed_is_refused_though_its_signature_is_good) {
  ASSERT_TRUE(initCrypto());
  const auto key = SigningKey::generate();
  const auto refused = [&](auto change) {
    StateDocument document = someDocument();
    change(document);
    const auto opened = openStateDocument(sealStateDocument(document, key), key.publicKey());
    return !opened && opened.error().code == Code::kInvalid;
  };
  EXPECT_TRUE(refused([](StateDocument& d) { d.agent_id.clear(); }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.agent_id.assign(65, 'a'); }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.number = 0; }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.number = -1; }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.machine.pop_back(); }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.previous.push_back('x'); }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.nonce.clear(); }));
  EXPECT_TRUE(refused([](StateDocument& d) { d.boot_id = "\xff"; }));
  EXPECT_FALSE(openStateDocument(Json::array(), key.publicKey()));
  EXPECT_FALSE(openStateDocument({{"body", 1}, {"signature", ""}}, key.publicKey()));
}

}  // namespace
}  // namespace redflag::protocol
