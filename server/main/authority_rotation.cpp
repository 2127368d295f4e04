#include "main/authority_rotation.h"

#include <algorithm>

namespace redflag::server {

Rotation rotationOf(const auth::Authority& authority, store::Store& store,
                    const protocol::CommandList* published, std::int64_t now) {
  Rotation out;
  const auto next = authority.certificateDer("next");
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

}  // namespace redflag::server
