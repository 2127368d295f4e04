// One document of a trust repository, read as each of its roles.
#include "protocol/tuf/metadata.h"

#include "fuzz.h"
#include "protocol/tuf/canonical_json.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(tuf_metadata) {
  using namespace tuf;
  const auto document = readDocument(input, 64U << 10U, "document");
  if (!document) return;
  const auto body = parseJson(document->message);
  if (body) claim(canonicalJson(*body).value_or("") == document->message, "the canonical form is canonical");
  if (const auto root = readRoot(*document)) {
    for (const auto& [name, role] : root->roles)
      static_cast<void>(checkThreshold(*document, root->keys, role, name));
  }
  static_cast<void>(readTimestamp(*document));
  static_cast<void>(readSnapshot(*document));
  if (const auto targets = readTargets(*document, kTargets)) {
    for (const auto& delegated : targets->delegations.roles) {
      static_cast<void>(delegated.covers("trust/commands.json"));
      static_cast<void>(checkThreshold(*document, targets->delegations.keys, delegated.role, delegated.name));
    }
  }
}

}  // namespace redflag::fuzz
