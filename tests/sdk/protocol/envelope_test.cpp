#include "protocol/envelope.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/time.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"
#include "vectors.h"

namespace redflag::protocol {
namespace {

constexpr std::int64_t kNow = 1'740'794'400 * kSecondNs;

class EnvelopeTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(initCrypto()); }

  Envelope order() const {
    Envelope e;
    e.command_id = "01JM8ZC9T0QK5V3N7RWX2YBD4E";
    e.client_id = "client-1";
    e.agent_id = "agent-1";
    e.command_type = "scan";
    e.actions = {{"kernel", "scan", "{}"}};
    e.issued_at = kNow;
    e.not_before = kNow;
    e.expires_at = kNow + 3'600 * kSecondNs;
    return e;
  }
  KeyLookup keys() const {
    return [this](const std::string& id) -> std::optional<std::string> {
      if (id == keyId(key_.publicKey())) return key_.publicKey();
      return std::nullopt;
    };
  }
  std::string codeOf(const Json& transport) const {
    const auto opened = openEnvelope(transport, keys());
    return opened ? "accepted" : opened.error().code;
  }
  // A transport whose signature is right whatever the body says.
  Json signedBody(const std::string& body) const {
    CanonicalWriter domain;
    domain.domain("redflag-command-envelope-v1");
    return {{"version", 1},
            {"key_id", keyId(key_.publicKey())},
            {"body", toBase64(body)},
            {"signature", toBase64(key_.sign(domain.result() + body))}};
  }
  std::string codeOfBody(const Envelope& envelope) const {
    return codeOf(signedBody(encodeEnvelope(envelope)));
  }
  Envelope complete() const {
    Envelope e = order();
    e.nonce = std::string(16, 'n');
    e.key_id = keyId(key_.publicKey());
    return e;
  }

  // Where the body of an order with one action holds a length or a count.
  static std::vector<std::size_t> lengthPlaces(const Envelope& e) {
    std::vector<std::size_t> places;
    std::size_t at = 8;
    const auto field = [&](const std::string& value) {
      places.push_back(at);
      at += 4 + value.size();
    };
    for (const auto* id : {&e.command_id, &e.client_id, &e.agent_id, &e.command_type})
      field(*id);
    field("");  // the count of actions
    for (const auto* part : {&e.actions[0].plugin, &e.actions[0].action, &e.actions[0].parameters})
      field(*part);
    field(e.plan_hash);
    at += 4 * 8;
    field(e.nonce);
    field(e.key_id);
    return places;
  }

  SigningKey key_ = SigningKey::generate();
};

TEST_F(EnvelopeTest, agrees_with_the_golden_vectors) {
  for (const Json& vector : vectors("envelope.json")) {
    const auto key = SigningKey::fromSeed(hexBytes(vector["seed"])).value();
    EXPECT_EQ(toHex(key.publicKey()), vector["public_key"]);
    const auto opened =
        openEnvelope(vector["transport"], [&](const std::string&) { return key.publicKey(); });
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(toHex(encodeEnvelope(*opened)), vector["body"]);
    EXPECT_EQ(toHex(identityHash(*opened)), vector["identity_hash"]);
    const Json& fields = vector["fields"];
    EXPECT_EQ(opened->command_id, fields["command_id"]);
    EXPECT_EQ(opened->command_type, fields["command_type"]);
    EXPECT_EQ(opened->issued_at, fields["issued_at"]);
    EXPECT_EQ(toHex(opened->nonce), fields["nonce"]);
    EXPECT_EQ(toHex(opened->plan_hash), fields["plan_hash"]);
    ASSERT_EQ(opened->actions.size(), fields["actions"].size());
    EXPECT_EQ(opened->actions[0].parameters, fields["actions"][0]["parameters"]);
  }
}

TEST_F(EnvelopeTest, what_was_sealed_opens_unchanged) {
  const auto opened = openEnvelope(sealEnvelope(order(), key_).value(), keys());
  ASSERT_TRUE(opened) << opened.error().text;
  Envelope expected = order();
  expected.nonce = opened->nonce;
  expected.key_id = keyId(key_.publicKey());
  EXPECT_EQ(encodeEnvelope(*opened), encodeEnvelope(expected));
}

TEST_F(EnvelopeTest, refuses_every_single_flipped_bit_of_a_valid_command) {
  const std::string text = dumpJson(sealEnvelope(order(), key_).value());
  ASSERT_EQ(codeOf(parseJson(text).value()), "accepted");
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
    const auto json = parseJson(flipped);
    EXPECT_TRUE(!json || codeOf(*json) != "accepted") << "bit " << bit << ": " << flipped;
  }
}

TEST_F(EnvelopeTest, refuses_every_single_flipped_bit_of_body_and_signature) {
  const Json transport = sealEnvelope(order(), key_).value();
  for (const char* part : {"body", "signature"}) {
    const std::string bytes = fromBase64(transport[part].get<std::string>()).value();
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string flipped = bytes;
      flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
      Json altered = transport;
      altered[part] = toBase64(flipped);
      EXPECT_EQ(codeOf(altered), refusal::kBadSignature) << part << " bit " << bit;
    }
  }
}

TEST_F(EnvelopeTest, refuses_every_cut_of_body_and_signature) {
  const Json transport = sealEnvelope(order(), key_).value();
  for (const char* part : {"body", "signature"}) {
    const std::string bytes = fromBase64(transport[part].get<std::string>()).value();
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      Json altered = transport;
      altered[part] = toBase64(bytes.substr(0, size));
      EXPECT_EQ(codeOf(altered), refusal::kBadSignature) << part << " cut to " << size;
    }
  }
}

TEST_F(EnvelopeTest, refuses_unsigned_wrongly_signed_and_zero_signatures) {
  Json transport = sealEnvelope(order(), key_).value();
  transport["signature"] = toBase64(std::string(64, '\0'));
  EXPECT_EQ(codeOf(transport), refusal::kBadSignature);
  transport["signature"] = "";
  EXPECT_EQ(codeOf(transport), refusal::kBadSignature);
  transport.erase("signature");
  EXPECT_EQ(codeOf(transport), refusal::kMalformed);
  const SigningKey other = SigningKey::generate();
  EXPECT_EQ(codeOf(sealEnvelope(order(), other).value()), refusal::kUnknownKey);
  Json claimed = sealEnvelope(order(), other).value();
  claimed["key_id"] = keyId(key_.publicKey());
  EXPECT_EQ(codeOf(claimed), refusal::kBadSignature);
}

// Points of order 1, 2, 4 and 8 and their non-canonical spellings: with one as the key, or as R, a forger
// needs no secret.
TEST_F(EnvelopeTest, refuses_low_order_keys_and_low_order_r) {
  const std::vector<std::string> points = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000080",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  Json transport = sealEnvelope(order(), key_).value();
  for (const auto& hex : points) {
    const std::string point = fromHex(hex).value();
    transport["signature"] = toBase64(point + std::string(32, '\0'));
    const auto as_key = openEnvelope(transport, [&](const std::string&) { return point; });
    ASSERT_FALSE(as_key) << hex;
    EXPECT_EQ(as_key.error().code, refusal::kBadSignature);
    EXPECT_EQ(codeOf(transport), refusal::kBadSignature) << hex;
  }
}

TEST_F(EnvelopeTest, refuses_a_signature_made_for_another_use_of_the_key) {
  Json transport = sealEnvelope(order(), key_).value();
  transport["signature"] = toBase64(key_.sign(fromBase64(transport["body"].get<std::string>()).value()));
  EXPECT_EQ(codeOf(transport), refusal::kBadSignature);
}

TEST_F(EnvelopeTest, refuses_unknown_versions_and_members) {
  Json transport = sealEnvelope(order(), key_).value();
  transport["version"] = 2;
  EXPECT_EQ(codeOf(transport), refusal::kUnknownVersion);
  transport["version"] = 1;
  transport["verified"] = true;
  EXPECT_EQ(codeOf(transport), refusal::kMalformed);
  Envelope newer = complete();
  newer.version = 2;
  EXPECT_EQ(codeOfBody(newer), refusal::kUnknownVersion);
  for (const Json& junk : {Json(), Json(7), Json::array(), Json::object()}) {
    EXPECT_EQ(codeOf(junk), refusal::kMalformed);
  }
}

TEST_F(EnvelopeTest, refuses_malformed_bodies_even_when_they_are_signed) {
  ASSERT_EQ(codeOfBody(complete()), "accepted");
  const auto refused = [&](const char* what, auto change) {
    Envelope e = complete();
    change(e);
    EXPECT_EQ(codeOfBody(e), refusal::kMalformed) << what;
  };
  refused("no action", [](Envelope& e) { e.actions.clear(); });
  refused("17 actions", [](Envelope& e) { e.actions.assign(17, e.actions[0]); });
  refused("parameters are a list", [](Envelope& e) { e.actions[0].parameters = "[]"; });
  refused("two objects", [](Envelope& e) { e.actions[0].parameters = "{}{}"; });
  refused("duplicate key", [](Envelope& e) { e.actions[0].parameters = R"({"a":1,"a":2})"; });
  refused("NaN", [](Envelope& e) { e.actions[0].parameters = R"({"a":NaN})"; });
  refused("1e400", [](Envelope& e) { e.actions[0].parameters = R"({"a":1e400})"; });
  refused("invalid UTF-8", [](Envelope& e) { e.actions[0].parameters = "{\"a\":\"\xff\"}"; });
  refused("path in a name", [](Envelope& e) { e.actions[0].plugin = "../apt"; });
  refused("empty id", [](Envelope& e) { e.command_id.clear(); });
  refused("NUL in an id", [](Envelope& e) { e.agent_id = std::string("a\0b", 3); });
  refused("short hash", [](Envelope& e) { e.plan_hash = "abc"; });
  refused("short nonce", [](Envelope& e) { e.nonce.resize(15); });
  refused("another key id", [](Envelope& e) { e.key_id = "0000000000000000"; });
  refused("ends before it begins", [](Envelope& e) { e.expires_at = e.not_before; });
  refused("negative time", [](Envelope& e) { e.not_before = -1; });
  refused("negative epoch", [](Envelope& e) { e.restore_epoch = -1; });
}

TEST_F(EnvelopeTest, refuses_trailing_bytes_and_lengths_past_the_end) {
  const std::string body = encodeEnvelope(complete());
  EXPECT_EQ(codeOf(signedBody(body + '\0')), refusal::kMalformed);
  for (const std::size_t at : lengthPlaces(complete())) {
    for (const char* length : {"\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\xff\x00\x00\x80"}) {
      std::string altered = body;
      altered.replace(at, 4, std::string(length, 4));
      EXPECT_EQ(codeOf(signedBody(altered)), refusal::kMalformed) << at;
    }
  }
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_NE(codeOf(signedBody(body.substr(0, size))), "accepted") << size;
  }
}

TEST_F(EnvelopeTest, a_malformed_order_is_never_sealed) {
  Envelope e = order();
  e.actions[0].parameters = "not json";
  const auto sealed = sealEnvelope(e, key_);
  ASSERT_FALSE(sealed);
  EXPECT_EQ(sealed.error().code, Code::kInvalid);
}

TEST_F(EnvelopeTest, is_for_one_agent_of_one_client) {
  EXPECT_TRUE(checkAddressee(order(), "agent-1", "client-1"));
  EXPECT_EQ(checkAddressee(order(), "agent-2", "client-1").error().code, refusal::kWrongAgent);
  EXPECT_EQ(checkAddressee(order(), "agent-1", "client-2").error().code, refusal::kWrongClient);
}

TEST_F(EnvelopeTest, is_accepted_within_five_minutes_of_being_issued) {
  Envelope e = order();
  e.not_before = 0;
  EXPECT_TRUE(checkTimes(e, kNow + kClockToleranceNs));
  EXPECT_TRUE(checkTimes(e, kNow - kClockToleranceNs));
  constexpr std::int64_t kDay = 86'400 * kSecondNs;
  for (const std::int64_t now :
       {kNow + kClockToleranceNs + 1, kNow - kClockToleranceNs - 1, kNow + kDay, kNow - kDay, std::int64_t{0},
        std::int64_t{-1}, 2'147'483'648 * kSecondNs, 4'102'444'800 * kSecondNs,
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    const auto verdict = checkTimes(e, now);
    ASSERT_FALSE(verdict) << now;
    EXPECT_EQ(verdict.error().code, refusal::kClock) << now;
  }
}

TEST_F(EnvelopeTest, is_valid_from_not_before_until_expiry) {
  Envelope e = order();
  EXPECT_EQ(checkValidity(e, e.not_before - 1).error().code, refusal::kNotYetValid);
  EXPECT_TRUE(checkValidity(e, e.not_before));
  EXPECT_TRUE(checkValidity(e, e.expires_at - 1));
  EXPECT_EQ(checkValidity(e, e.expires_at).error().code, refusal::kExpired);
}

TEST_F(EnvelopeTest, keeps_its_identity_when_it_is_signed_again) {
  const Envelope first = openEnvelope(sealEnvelope(order(), key_).value(), keys()).value();
  Envelope again = order();
  again.issued_at += kSecondNs;
  const Envelope second = openEnvelope(sealEnvelope(again, key_).value(), keys()).value();
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_EQ(identityHash(first), identityHash(second));
}

TEST_F(EnvelopeTest, every_other_field_is_part_of_its_identity) {
  const std::string identity = identityHash(complete());
  const auto differs = [&](const char* what, auto change) {
    Envelope e = complete();
    change(e);
    EXPECT_NE(identityHash(e), identity) << what;
  };
  differs("command_id", [](Envelope& e) { e.command_id += "x"; });
  differs("client_id", [](Envelope& e) { e.client_id += "x"; });
  differs("agent_id", [](Envelope& e) { e.agent_id += "x"; });
  differs("command_type", [](Envelope& e) { e.command_type += "x"; });
  differs("parameters", [](Envelope& e) { e.actions[0].parameters = "{ }"; });
  differs("one more action", [](Envelope& e) { e.actions.push_back(e.actions[0]); });
  differs("plan_hash", [](Envelope& e) { e.plan_hash = std::string(32, 'p'); });
  differs("restore_epoch", [](Envelope& e) { ++e.restore_epoch; });
  differs("not_before", [](Envelope& e) { ++e.not_before; });
  differs("expires_at", [](Envelope& e) { ++e.expires_at; });
}

}  // namespace
}  // namespace redflag::protocol
