#include "auth/api_tokens.h"

#include "base/encoding.h"

namespace redflag::auth {
namespace {

constexpr std::string_view kShown = "Bearer rf_";
constexpr std::string_view kPrefix = "rf_";
constexpr std::size_t kApiTokenBytes = 32;
constexpr std::int64_t kNoteUseEveryNs = 60 * kSecondNs;

}  // namespace

bool ApiTokens::isOne(const std::string& authorization) {
  return authorization.starts_with(kShown);
}

std::string ApiTokens::newSecret() {
  return std::string(kPrefix) + toBase64Url(randomBytes(kApiTokenBytes));
}

std::string ApiTokens::hashOf(const std::string& secret) {
  return sha256(secret);
}

std::optional<TokenAccount> ApiTokens::good(const std::string& hash) {
  auto found = store_.findToken(hash);
  if (!found || found->expires_at <= clock_.epochNs()) return std::nullopt;
  return found;
}

std::optional<TokenAccount> ApiTokens::find(const std::string& authorization) {
  if (!isOne(authorization)) return std::nullopt;
  auto found = good(hashOf(authorization.substr(kShown.size() - kPrefix.size())));
  if (!found) return std::nullopt;
  const std::int64_t now = clock_.epochNs();
  if (now - found->last_used_at >= kNoteUseEveryNs) store_.touchToken(found->token_hash, now);
  return found;
}

std::optional<TokenAccount> ApiTokens::findById(const std::string& token_id) {
  const auto hash = fromHex(token_id);
  return hash ? good(*hash) : std::nullopt;
}

}  // namespace redflag::auth
