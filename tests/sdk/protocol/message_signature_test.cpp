#include "protocol/message_signature.h"

#include <gtest/gtest.h>

#include "vectors.h"

namespace redflag::protocol {
namespace {

class MessageSignature : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    headers_ = signRequest(request_, "agent-1", key_, 1'740'794'400);
  }
  bool verifies(const SignatureHeaders& headers, const RequestParts& request) const {
    const auto claimed = parseSignature(headers);
    return claimed && verifyRequest(*claimed, headers, request, key_.publicKey());
  }

  SigningKey key_ = SigningKey::generate();
  RequestParts request_{"POST", "redflag.example.net", "/agent/v1/upload?x=1", "body"};
  SignatureHeaders headers_;
};

// RFC 9421, appendix B.2.6, with the key of B.1.4. Ed25519 is deterministic: the signature itself is
// compared.
TEST_F(MessageSignature, reproduces_the_ed25519_example_of_rfc_9421) {
  const auto key = SigningKey::fromSeed(
                       fromHex("9f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5").value())
                       .value();
  EXPECT_EQ(toBase64(key.publicKey()), "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=");
  const Components components = {{"date", "Tue, 20 Apr 2021 02:07:55 GMT"},
                                 {"@method", "POST"},
                                 {"@path", "/foo"},
                                 {"@authority", "example.com"},
                                 {"content-type", "application/json"},
                                 {"content-length", "18"}};
  const std::string parameters = ";created=1618884473;keyid=\"test-key-ed25519\"";
  EXPECT_EQ(signatureInput(components, parameters),
            "(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")"
            ";created=1618884473;keyid=\"test-key-ed25519\"");
  EXPECT_EQ(toBase64(key.sign(signatureBase(components, parameters))),
            "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==");
}

void expectGolden(const char* file) {
  for (const Json& vector : vectors(file)) {
    const auto key = SigningKey::fromSeed(hexBytes(vector["seed"])).value();
    const std::string body = hexBytes(vector["body"]);
    const RequestParts request{vector["method"], vector["authority"], vector["target"], body,
                               vector.value("authorization", "")};
    const auto headers = signRequest(request, vector["key_id"], key, vector["created"].get<std::int64_t>(),
                                     hexBytes(vector["nonce"]));
    EXPECT_EQ(headers.content_digest, vector["content_digest"]);
    EXPECT_EQ(headers.signature_input, vector["signature_input"]);
    EXPECT_EQ(headers.signature, vector["signature"]);
    const auto claimed = parseSignature(headers);
    ASSERT_TRUE(claimed) << claimed.error().text;
    EXPECT_EQ(claimed->created_s, vector["created"]);
    EXPECT_EQ(claimed->key_id, vector["key_id"]);
    EXPECT_EQ(toHex(claimed->nonce), vector["nonce"]);
    EXPECT_EQ(claimed->covers_authorization, vector.contains("authorization"));
    EXPECT_TRUE(verifyRequest(*claimed, headers, request, hexBytes(vector["public_key"])));
  }
}

TEST_F(MessageSignature, agrees_with_the_golden_vectors) {
  expectGolden("message_signature.json");
  expectGolden("message_signature_with_token.json");
}

TEST_F(MessageSignature, covers_the_access_token_where_there_is_one) {
  RequestParts with_token = request_;
  with_token.authorization = "Bearer one";
  const auto headers = signRequest(with_token, "agent-1", key_, 1'740'794'400);
  EXPECT_TRUE(verifies(headers, with_token));
  RequestParts other = with_token;
  other.authorization = "Bearer two";
  EXPECT_FALSE(verifies(headers, other));
  other.authorization = "";
  EXPECT_FALSE(verifies(headers, other));
  const auto without = parseSignature(headers_);
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->covers_authorization) << "the reader must ask: any header would verify";
}

TEST_F(MessageSignature, covers_method_authority_target_and_body) {
  ASSERT_TRUE(verifies(headers_, request_));
  auto other = request_;
  other.method = "PUT";
  EXPECT_FALSE(verifies(headers_, other));
  other = request_;
  other.authority = "redflag.example.net:8443";
  EXPECT_FALSE(verifies(headers_, other));
  other = request_;
  other.target = "/agent/v1/upload?x=2";
  EXPECT_FALSE(verifies(headers_, other));
  other = request_;
  other.body = "bodY";
  EXPECT_FALSE(verifies(headers_, other));
  auto digest = headers_;
  digest.content_digest = contentDigest("bodY");
  EXPECT_FALSE(verifies(digest, other)) << "a digest that fits another body is not the signed one";
}

TEST_F(MessageSignature, treats_spellings_of_one_authority_alike) {
  auto other = request_;
  other.authority = "RedFlag.Example.net:443";
  EXPECT_TRUE(verifies(headers_, other));
  EXPECT_EQ(normalizeAuthority("[::1]:443"), "[::1]");
  EXPECT_EQ(normalizeAuthority("h:8443"), "h:8443");
}

TEST_F(MessageSignature, refuses_every_single_flipped_bit_of_its_headers) {
  for (std::string SignatureHeaders::*part :
       {&SignatureHeaders::content_digest, &SignatureHeaders::signature_input,
        &SignatureHeaders::signature}) {
    for (std::size_t bit = 0; bit < (headers_.*part).size() * 8; ++bit) {
      SignatureHeaders altered = headers_;
      char& c = (altered.*part)[bit / 8];
      c = static_cast<char>(static_cast<unsigned char>(c) ^ (1U << (bit % 8)));
      EXPECT_FALSE(verifies(altered, request_)) << (altered.*part);
    }
  }
}

TEST_F(MessageSignature, accepts_one_spelling_of_the_profile) {
  const std::string good = headers_.signature_input;
  const auto refused = [&](const std::string& from, const std::string& to) {
    SignatureHeaders altered = headers_;
    const auto at = good.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    altered.signature_input.replace(at, from.size(), to);
    EXPECT_FALSE(parseSignature(altered)) << altered.signature_input;
  };
  refused("sig1=", "sig2=");
  refused("\"@method\" ", "");
  refused("\"@method\" \"@authority\"", "\"@authority\" \"@method\"");
  refused("\"content-digest\")", "\"content-digest\" \"date\")");
  refused("ed25519", "hmac-sha256");
  refused(";created=", ";created=0");
  refused(";created=", ";created=-");
  refused(";created=", ";created=+");
  refused(";created=", "; created=");
  refused(";created=1740794400", "");
  refused("agent-1", "");
  refused("agent-1", "a\\\"b");
  SignatureHeaders two = headers_;
  two.signature_input += ", sig2=(\"@method\")";
  EXPECT_FALSE(parseSignature(two));
  two = headers_;
  two.signature += ", sig2=:AAAA:";
  EXPECT_FALSE(parseSignature(two));
  EXPECT_FALSE(parseSignature({}));
}

TEST_F(MessageSignature, takes_a_new_nonce_each_time) {
  EXPECT_NE(signRequest(request_, "agent-1", key_, 1'740'794'400).signature_input, headers_.signature_input);
}

}  // namespace
}  // namespace redflag::protocol
