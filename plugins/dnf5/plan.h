#pragma once
// What an order means for the whole system: every package that changes, worked out by dnf5's solver.

#include <string>
#include <string_view>

#include "base/json.h"
#include "client.h"
#include "common/order.h"
#include "common/services_in_use.h"
#include "problem.h"

namespace redflag::dnf5 {

using plugin::Plan;
using plugin::Request;
using plugin::Step;
using plugin::Wanted;

// RF_INVALID "dnf5.bad_request" names the member that is wrong.
Result<Request> parseRequest(std::string_view text, bool with_plan);

// Changes nothing and fetches nothing. Refused: what a lock or an exclude keeps out (`dnf5.held .excluded`),
// is not installed, already newer, no longer offered (`.version_gone`), or impossible (`.unresolvable`).
// `services`: those among which the plan names whom to restart.
Result<Plan> makePlan(const Client& client, const Request& request,
                      const plugin::ServicesInUse& services = {});

// The plan as the file that `dnf5 replay` carries out: exactly these packages, or nothing.
Json toReplay(const Plan& plan);

// The whole name of a package for dnf5's command line, and no other's: without an epoch it would be that of
// every one.
std::string pinned(const std::string& name, const std::string& evr, const std::string& arch);

}  // namespace redflag::dnf5
