#include "main/authority_rotation.h"

#include <algorithm>

#include "store/events.h"

namespace redflag::server {

Rotation rotationOf(const auth::Authorities& authorities, store::Store& store,
                    const protocol::CommandList* published, std::int64_t now) {
  Rotation out;
  const auto next = authorities.certificateDer("next");
  if (!next) return out;
  out.begun = true;
  if (published != nullptr) {
    const auto& listed = published->authorities;
    out.published = std::find(listed.begin(), listed.end(), *next) != listed.end();
  }
  const std::string mark = protocol::authorityMark(*next);
  out.reach = store.read([&](const store::ReadTransaction& tx) {
    return tx.agents().authorityReach(mark, now - kRotationWaitsNs);
  });
  out.ready = out.published && out.reach.believe == out.reach.seen;
  return out;
}

void recordAuthority(store::Store& store, const std::string& actor, const std::string& kind,
                     const std::string& text, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "trust";
  entry.actor = actor;
  entry.kind = kind;
  entry.text = text;
  entry.severity = "warning";
  store.write([&](store::WriteTransaction& tx) { tx.events().record("", "", entry); });
}

}  // namespace redflag::server
