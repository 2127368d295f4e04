// The headers of a signed request: Content-Digest, Signature-Input, Signature, and the request's target.
#include "protocol/message_signature.h"

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(message_signature) {
  using namespace protocol;
  static const auto kKey = SigningKey::fromSeed(std::string(kSeedBytes, 'k')).value();
  auto texts = parts(input, 4);
  texts.resize(4);
  const SignatureHeaders headers{std::string(texts[0]), std::string(texts[1]), std::string(texts[2])};
  const RequestParts request{"POST", normalizeAuthority(texts[3]), std::string(texts[3]), texts[0]};
  if (const auto claimed = parseSignature(headers)) {
    claim(claimed->nonce.size() == 16 && claimed->signature.size() == kSignatureBytes, "sizes are fixed");
    claim(!verifyRequest(*claimed, headers, request, kKey.publicKey()), "nobody else signs for this key");
  }
  const auto ours = signRequest(request, "agent", kKey, 1'740'794'400);
  const auto claimed = parseSignature(ours);
  claim(claimed.has_value(), "what is signed is understood");
  claim(verifyRequest(*claimed, ours, request, kKey.publicKey()).has_value(), "what is signed is believed");
}

}  // namespace redflag::fuzz
