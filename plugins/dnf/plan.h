#pragma once
// What an order means for the whole system: every package that changes, worked out by libdnf's solver.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "common/order.h"
#include "common/services_in_use.h"
#include "problem.h"
#include "session.h"

namespace redflag::dnf {

using plugin::Plan;
using plugin::Request;
using plugin::Step;
using plugin::Wanted;

// RF_INVALID names the member that is wrong.
Result<Request> parseRequest(std::string_view text, bool with_plan);

// Needs lists of files. Refused: what a lock or an exclude keeps out, is not installed, already newer, no
// longer offered (`dnf.version_gone`), or impossible (`dnf.unresolvable`).
Result<Plan> makePlan(const Session& session, const Request& request,
                      const plugin::ServicesInUse& services = {});

// The plan as the file that `dnf history replay` carries out: exactly these packages, or nothing.
Json toReplay(const Plan& plan);

}  // namespace redflag::dnf
