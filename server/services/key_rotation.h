#pragma once
// An agent that was ordered to make a new key hands its old one over.

#include <string>

#include "base/json.h"
#include "services/agent_access.h"
#include "services/context.h"

namespace redflag::services {

// `asking`: whose key signed the request. `transport`: sdk/protocol/key_handover.h. From then on the new key
// is the agent's; the old one opens as much for ten minutes more, for what is under way and for an answer
// that was lost, and nothing once the new one was used. The same hand-over again is answered as the first
// time. http::Problem 400; 403 key.wrong_agent, agent.held; 404 key.not_ordered: no such order is under way;
// 409 key.conflict: the agent has another key than the one that is handed over.
void takeKeyHandover(const Context& context, AgentAccess& access, const store::AgentKey& asking,
                     const Json& transport, const std::string& peer);

}  // namespace redflag::services
