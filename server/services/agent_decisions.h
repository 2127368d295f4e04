#pragma once
// What people decide about an agent's identity: let it in, let one of its copies go on, end it.

#include <string>
#include <vector>

#include "services/context.h"
#include "services/orders.h"

namespace redflag::services {

struct Decision {
  std::string reason;  // why, for others
  Actor actor;
};

class AgentDecisions {
 public:
  explicit AgentDecisions(const Context& context) : context_(context) {}

  // The holder of this line is the agent from now on; every other one has to enrol again. "": the only line,
  // or of a restored agent the newest. http::Problem 404, 403 (an approver of its site may), 409
  // agent.not_waiting, 400 where a line has to be
  // named.
  void accept(const std::string& agent_id, const std::string& line, const Decision& decision);
  // Those of the agents that are "restored", all or nothing. Answers the ids of the others, which stay as
  // they are.
  std::vector<std::string> acceptRestored(const std::vector<std::string>& agent_ids,
                                          const Decision& decision);
  // Its credentials are worth nothing from now on, and its doorbell closes. What is known of it stays.
  void revoke(const std::string& agent_id,
              const Decision& decision);  // http::Problem 404, 403, 409 agent.revoked

 private:
  void acceptIn(store::WriteTransaction& tx, const store::AgentKey& agent, const std::string& line,
                const Decision& decision) const;

  const Context& context_;
};

}  // namespace redflag::services
