#include "protocol/tuf/signing.h"

#include "base/encoding.h"
#include "base/time.h"
#include "protocol/tuf/canonical_json.h"
#include "protocol/tuf/keys.h"

namespace redflag::tuf {

Result<Json> signatureFor(const protocol::SigningKey& key, const Json& body) {
  const auto message = canonicalJson(body);
  if (!message) return tl::unexpected<Error>(message.error());
  return Json{{"keyid", tufKeyId(ed25519KeyToJson(key.publicKey()))}, {"sig", toHex(key.sign(*message))}};
}

std::string documentText(const Json& body, const Json& signatures) {
  return dumpJson({{"signed", body}, {"signatures", signatures}}) + "\n";
}

Json describeContent(std::string_view content) {
  return {{"length", content.size()}, {"hashes", {{"sha256", toHex(sha256(content))}}}};
}

std::string expiryText(std::int64_t epoch_ns) {
  constexpr std::size_t kWithoutFraction = 19;
  return toRfc3339(epoch_ns).substr(0, kWithoutFraction) + "Z";
}

}  // namespace redflag::tuf
