#pragma once
// Where a decision about updates holds, and who may make it there.

#include <string>

#include "services/orders.h"
#include "store/decisions.h"
#include "store/store.h"

namespace redflag::services {

// That the place is there and the actor sees it or something of it. Answers it with the client that a site, a
// group or an agent belongs to, and a group's with its name; an agent's has no site. http::Problem 404.
store::DecisionScope requirePlace(const store::ReadTransaction& tx, store::DecisionScope scope,
                                  const Actor& actor);

// That the place is there and the actor has the role over all of it. Answers it with the client that a site
// or an agent belongs to. http::Problem 404 for what the actor does not see, 403.
store::DecisionScope requireScope(const store::ReadTransaction& tx, store::DecisionScope scope,
                                  const Actor& actor, const std::string& role);

// "everywhere", "at Example, Berlin", "on host-1"
std::string whereText(const store::DecisionScope& scope);

}  // namespace redflag::services
