#pragma once
// What agents hand back of the trust repository when the server's is older than theirs (trust/set_back.h).

#include "base/json.h"
#include "services/context.h"

namespace redflag::services {

// True: it is newer than what this server has, and properly signed. Orders stop, and the audit log has it.
// [any thread]
bool takeHandedTrust(const Context& context, const store::AgentKey& agent, const Json& files);

}  // namespace redflag::services
