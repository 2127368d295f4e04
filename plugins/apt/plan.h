#pragma once
// What an order means for the whole system: every package that changes, worked out by libapt's resolver.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "common/order.h"
#include "problem.h"
#include "session.h"

namespace redflag::apt {

using plugin::Plan;
using plugin::Request;
using plugin::Step;
using plugin::Wanted;

// RF_INVALID names the member that is wrong.
Result<Request> parseRequest(std::string_view text, bool with_plan);

// Marks the changes in the session's dependency cache, which an installation then carries out. Refused: what
// is held, not installed, already newer, no longer to be had (`apt.version_gone`, which names every one),
// impossible (`apt.unresolvable`), or would take an essential package away (`apt.essential`). Of a rollback
// also what is not older than what is installed (`apt.nothing_to_undo`), and anything that would change
// something else (`apt.rollback_needs_more`).
Result<Plan> makePlan(Session& session, const Request& request);

}  // namespace redflag::apt
