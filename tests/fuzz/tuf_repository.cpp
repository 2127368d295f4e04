// A whole repository, root to targets. The input says what each document's body is, and the harness signs it
// as its owners would, so that the rules behind the signatures are reached.
#include "fuzz.h"
#include "protocol/tuf/signing.h"
#include "protocol/tuf/trusted_set.h"

namespace redflag::fuzz {
namespace {

const protocol::SigningKey& key() {
  static const auto kKey = protocol::SigningKey::fromSeed(std::string(protocol::kSeedBytes, 'k')).value();
  return kKey;
}

std::string signedText(std::string_view body) {
  const auto json = parseJson(body);
  if (!json) return std::string(body);
  const auto signature = tuf::signatureFor(key(), *json);
  return signature ? tuf::documentText(*json, Json::array({*signature})) : std::string(body);
}

}  // namespace

REDFLAG_FUZZ(tuf_repository) {
  constexpr std::int64_t kNow = 1'740'794'400'000'000'000;
  auto bodies = parts(input, 5);
  bodies.resize(5);
  auto set = tuf::TrustedSet::start(signedText(bodies[0]), kNow);
  if (!set) return;
  const auto version = set->root().version;
  const auto change = set->updateRoot(signedText(bodies[1]));
  claim(set->root().version == version + (change ? 1 : 0), "a root is followed by the next one only");
  if (!set->checkRoot() || !set->updateTimestamp(signedText(bodies[2]))) return;
  claim(set->timestamp()->expires_ns > kNow, "no expired timestamp is believed");
  if (!set->updateSnapshot(signedText(bodies[3]))) return;
  claim(set->snapshot()->version == set->timestamp()->snapshot.version, "the snapshot is the announced one");
  static_cast<void>(set->checkTargets(signedText(bodies[4])));
}

}  // namespace redflag::fuzz
