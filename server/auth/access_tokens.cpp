#include "auth/access_tokens.h"

#include <sodium.h>

#include "base/encoding.h"
#include "base/json.h"
#include "protocol/canonical.h"
#include "protocol/limits.h"

namespace redflag::auth {
namespace {

constexpr std::size_t kMaxToken = 2048;
constexpr std::size_t kMaxText = 128;
constexpr std::size_t kRemembered = 20'000;  // agents that come again before their tokens are forgotten
constexpr std::string_view kRefreshDomain = "redflag-refresh-key-v1";

const std::string& fixedHeader() {
  static const std::string header = toBase64Url(R"({"alg":"EdDSA","typ":"at+jwt"})");
  return header;
}

const unsigned char* rawBytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<AccessClaims> readClaims(const std::string& text) {
  const auto json = parseJson(text, {.bytes = kMaxToken, .depth = 3, .values = 32});
  if (!json) return std::nullopt;
  AccessClaims out;
  JsonReader in(*json, "token");
  out.agent_id = in.text("sub", protocol::kMaxIdBytes);
  out.client_id = in.text("client", protocol::kMaxIdBytes);
  out.line = in.text("line", protocol::kMaxIdBytes);
  out.number = in.integer("number", 0, INT64_MAX);
  out.issued_at_s = in.integer("iat", 0, INT64_MAX);
  out.expires_at_s = in.integer("exp", 0, INT64_MAX);
  out.id = in.text("jti", protocol::kMaxIdBytes);
  JsonReader confirmation(in.object("cnf"), "token.cnf");
  out.thumbprint = confirmation.text("jkt", kMaxText);
  if (!in.finish() || !confirmation.finish()) return std::nullopt;
  return out;
}

std::string refreshKeyOf(const protocol::SigningKey& key) {
  std::string out(crypto_auth_KEYBYTES, '\0');
  const std::string seed = key.seed();
  crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(), rawBytes(kRefreshDomain),
                     kRefreshDomain.size(), rawBytes(seed), seed.size());
  return out;
}

}  // namespace

std::string keyThumbprint(std::string_view public_key) {
  return toBase64Url(sha256(R"({"crv":"Ed25519","kty":"OKP","x":")" + toBase64Url(public_key) + "\"}"));
}

AccessTokens::AccessTokens(protocol::SigningKey key, std::int64_t life_s)
    : key_(std::move(key)), life_s_(life_s), refresh_key_(refreshKeyOf(key_)), verified_(kRemembered) {}

std::string AccessTokens::issue(const AccessClaims& claims) const {
  const Json payload = {{"sub", claims.agent_id},
                        {"client", claims.client_id},
                        {"cnf", {{"jkt", claims.thumbprint}}},
                        {"line", claims.line},
                        {"number", claims.number},
                        {"iat", claims.issued_at_s},
                        {"exp", claims.expires_at_s},
                        {"jti", claims.id}};
  const std::string input = fixedHeader() + '.' + toBase64Url(dumpJson(payload));
  return input + '.' + toBase64Url(key_.sign(input));
}

std::optional<AccessClaims> AccessTokens::verify(std::string_view token) const {
  if (token.size() > kMaxToken || !token.starts_with(fixedHeader() + '.')) return std::nullopt;
  const std::size_t payload_at = fixedHeader().size() + 1;
  const std::size_t dot = token.find('.', payload_at);
  if (dot == std::string_view::npos) return std::nullopt;
  if (!verified_.knows(token)) {
    const auto signature = fromBase64Url(token.substr(dot + 1));
    if (!signature || !protocol::verifySignature(token.substr(0, dot), *signature, key_.publicKey()))
      return std::nullopt;
    verified_.add(token);
  }
  const auto payload = fromBase64Url(token.substr(payload_at, dot - payload_at));
  return payload ? readClaims(*payload) : std::nullopt;
}

std::string AccessTokens::refreshToken(const std::string& agent_id, const std::string& line,
                                       std::int64_t number) const {
  protocol::CanonicalWriter what;
  what.bytes(agent_id);
  what.bytes(line);
  what.integer(number);
  std::string out(crypto_auth_BYTES, '\0');
  crypto_auth(reinterpret_cast<unsigned char*>(out.data()), rawBytes(what.result()), what.result().size(),
              rawBytes(refresh_key_));
  return out;
}

}  // namespace redflag::auth
