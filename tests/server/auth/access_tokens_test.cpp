#include "auth/access_tokens.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/json.h"

namespace redflag::auth {
namespace {

using protocol::SigningKey;

AccessClaims someClaims() {
  return {"agent-1", "client-1", "thumb", "line-1", 3, 1'700'000'000, 1'700'086'400, "token-1"};
}

class AccessTokensTest : public ::testing::Test {
 protected:
  // A token with any header and payload, signed with any key.
  static std::string forged(const std::string& header, const std::string& payload, const SigningKey& key) {
    const std::string input = toBase64Url(header) + "." + toBase64Url(payload);
    return input + "." + toBase64Url(key.sign(input));
  }
  static std::string payloadOf(const std::string& token) {
    const auto first = token.find('.') + 1;
    return fromBase64Url(token.substr(first, token.rfind('.') - first)).value();
  }

  const SigningKey key_ = SigningKey::generate();
  const AccessTokens tokens_{key_, 86'400};
  const std::string good_ = tokens_.issue(someClaims());
};

// RFC 8037, appendix A.3.
TEST_F(AccessTokensTest, name_a_key_as_rfc_8037_does) {
  const auto key = fromBase64Url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").value();
  EXPECT_EQ(keyThumbprint(key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST_F(AccessTokensTest, come_back_with_their_claims) {
  const auto claims = tokens_.verify(good_);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->agent_id, "agent-1");
  EXPECT_EQ(claims->client_id, "client-1");
  EXPECT_EQ(claims->thumbprint, "thumb");
  EXPECT_EQ(claims->line, "line-1");
  EXPECT_EQ(claims->number, 3);
  EXPECT_EQ(claims->issued_at_s, 1'700'000'000);
  EXPECT_EQ(claims->expires_at_s, 1'700'086'400);
  EXPECT_EQ(claims->id, "token-1");
}

TEST_F(AccessTokensTest, with_any_character_changed_are_refused) {
  for (std::size_t i = 0; i < good_.size(); ++i) {
    std::string changed = good_;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens_.verify(changed)) << i;
  }
  EXPECT_FALSE(tokens_.verify(""));
  EXPECT_FALSE(tokens_.verify(good_ + "x"));
  EXPECT_FALSE(tokens_.verify(good_ + ".x"));
  EXPECT_FALSE(tokens_.verify(good_.substr(0, good_.rfind('.'))));
  EXPECT_FALSE(tokens_.verify(good_ + std::string(5000, 'x')));
}

TEST_F(AccessTokensTest, that_were_verified_before_vouch_for_no_other) {
  EXPECT_TRUE(tokens_.verify(good_));
  EXPECT_TRUE(tokens_.verify(good_));
  Json other = parseJson(payloadOf(good_)).value();
  other["sub"] = "agent-2";
  const auto payload = toBase64Url(dumpJson(other));
  EXPECT_FALSE(
      tokens_.verify(good_.substr(0, good_.find('.') + 1) + payload + good_.substr(good_.rfind('.'))));
  const auto unsound = forged(R"({"alg":"EdDSA","typ":"at+jwt"})", "not JSON", key_);
  EXPECT_FALSE(tokens_.verify(unsound));
  EXPECT_FALSE(tokens_.verify(unsound)) << "nor are claims taken unread";
}

TEST_F(AccessTokensTest, with_another_header_are_refused_whoever_signed_them) {
  const std::string payload = payloadOf(good_);
  EXPECT_TRUE(tokens_.verify(forged(R"({"alg":"EdDSA","typ":"at+jwt"})", payload, key_)));
  for (const char* header : {R"({"alg":"none","typ":"at+jwt"})", R"({"alg":"HS256","typ":"at+jwt"})",
                             R"({"alg":"eddsa","typ":"at+jwt"})", R"({"alg":"EdDSA","typ":"JWT"})",
                             R"({"alg":"EdDSA","kid":"x","typ":"at+jwt"})",
                             R"({"typ":"at+jwt","alg":"EdDSA"})", R"({"alg":"EdDSA"})", "{}", ""}) {
    EXPECT_FALSE(tokens_.verify(forged(header, payload, key_))) << header;
  }
  const auto unsigned_token = toBase64Url(R"({"alg":"none"})") + "." + toBase64Url(payload) + ".";
  EXPECT_FALSE(tokens_.verify(unsigned_token));
}

TEST_F(AccessTokensTest, of_another_key_or_with_other_claims_are_refused) {
  EXPECT_FALSE(AccessTokens(SigningKey::generate(), 86'400).verify(good_));
  const std::string header = R"({"alg":"EdDSA","typ":"at+jwt"})";
  for (const char* missing : {"sub", "client", "cnf", "line", "number", "iat", "exp", "jti"}) {
    Json payload = parseJson(payloadOf(good_)).value();
    payload.erase(missing);
    EXPECT_FALSE(tokens_.verify(forged(header, dumpJson(payload), key_))) << missing;
  }
  Json more = parseJson(payloadOf(good_)).value();
  more["admin"] = true;
  EXPECT_FALSE(tokens_.verify(forged(header, dumpJson(more), key_)));
  EXPECT_FALSE(tokens_.verify(forged(header, "not JSON", key_)));
}

TEST_F(AccessTokensTest, bring_refresh_tokens_that_differ_by_agent_line_number_and_key) {
  const std::string token = tokens_.refreshToken("agent-1", "line-1", 3);
  EXPECT_EQ(token.size(), 32U);
  EXPECT_EQ(token, tokens_.refreshToken("agent-1", "line-1", 3));
  EXPECT_NE(token, tokens_.refreshToken("agent-2", "line-1", 3));
  EXPECT_NE(token, tokens_.refreshToken("agent-1", "line-2", 3));
  EXPECT_NE(token, tokens_.refreshToken("agent-1", "line-1", 4));
  EXPECT_NE(token, AccessTokens(SigningKey::generate(), 86'400).refreshToken("agent-1", "line-1", 3));
}

}  // namespace
}  // namespace redflag::auth
