// An order's body: one that is accepted has exactly one form, and signed by a trusted key it arrives as it
// was.
#include "protocol/envelope.h"

#include "base/encoding.h"
#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(envelope) {
  using namespace protocol;
  static const auto kKey = SigningKey::fromSeed(std::string(kSeedBytes, 'k')).value();
  const auto envelope = decodeEnvelope(input);
  if (!envelope) return;
  claim(encodeEnvelope(*envelope) == input, "a body has one form");
  static_cast<void>(checkTimes(*envelope, envelope->issued_at));
  static_cast<void>(checkAddressee(*envelope, envelope->agent_id, envelope->client_id));
  const auto transport = sealEnvelope(*envelope, kKey);
  claim(transport.has_value(), "what was decoded can be signed");
  const auto opened = openEnvelope(*transport, [](const std::string&) { return kKey.publicKey(); });
  claim(opened.has_value() && identityHash(*opened) == identityHash(*envelope), "it arrives as it was");
  auto flipped = (*transport)["body"].get<std::string>();
  flipped[flipped.size() / 2] = flipped[flipped.size() / 2] == 'A' ? 'B' : 'A';
  auto forged = *transport;
  forged["body"] = flipped;
  claim(!openEnvelope(forged, [](const std::string&) { return kKey.publicKey(); }),
        "another body is refused");
}

}  // namespace redflag::fuzz
