#pragma once
// What the routes of what holds at a place have in common.

#include "api/input.h"
#include "store/decisions.h"
#include "store/updates.h"

namespace redflag::api {

// client_id, site_id and agent_id; absent or null is all of them.
store::DecisionScope readScope(JsonReader& in);
// The same with group_id; of a site, a group and an agent one at most.
store::DecisionScope readScopeOrGroup(JsonReader& in);
Json view(const store::DecisionScope& scope);
Json viewWithGroup(const store::DecisionScope& scope);
// Rows that a preview shows.
Json sampleView(const std::vector<store::UpdateRow>& rows);

}  // namespace redflag::api
