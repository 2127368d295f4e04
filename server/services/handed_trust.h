#pragma once
// What agents hand back of the trust repository when the server's is older than theirs (trust/set_back.h).

#include <string>

#include "base/json.h"
#include "services/context.h"

namespace redflag::services {

// True: it is newer than what this server has, and properly signed. Orders of every server on the database
// stop, and the audit log has it. [any thread]
bool takeHandedTrust(const Context& context, const store::AgentKey& agent, const Json& files);

// What agents told other servers on this database holds this one, too, and the other way round: before each
// time it signs orders. Why that cannot be found out; "" when it was. [any thread]
std::string shareHandedTrust(const Context& context);

}  // namespace redflag::services
