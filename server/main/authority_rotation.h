#pragma once
// How far the change of the server's own authority is (auth/authority.h), and its record.

#include <cstdint>
#include <string>

#include "auth/authorities.h"
#include "protocol/command_list.h"
#include "store/agents.h"
#include "store/store.h"

namespace redflag::server {

// Agents that were not seen for so long are not waited for: they know the reserve, which takes over.
constexpr std::int64_t kRotationWaitsNs = 14LL * 86'400 * 1'000'000'000;

struct Rotation {
  bool begun = false;      // there is a next authority
  bool published = false;  // the list that agents fetch names it
  store::AuthorityReach reach;
  bool ready = false;  // all of them believe it
};

// `published`: the list that agents are given; nullptr while there is none.
Rotation rotationOf(const auth::Authorities& authorities, store::Store& store,
                    const protocol::CommandList* published, std::int64_t now);

// In the audit log: `kind` is authority.change_begun, .taken_over or .retired; `actor` "console" or "server".
void recordAuthority(store::Store& store, const std::string& actor, const std::string& kind,
                     const std::string& text, std::int64_t now);

}  // namespace redflag::server
