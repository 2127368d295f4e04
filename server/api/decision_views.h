#pragma once
// What the routes of rules that ignore and of policies that approve have in common.

#include "api/input.h"
#include "store/decisions.h"
#include "store/updates.h"

namespace redflag::api {

// client_id, site_id and agent_id; absent or null is all of them.
store::DecisionScope readScope(JsonReader& in);
Json view(const store::DecisionScope& scope);
// Rows that a preview shows.
Json sampleView(const std::vector<store::UpdateRow>& rows);

}  // namespace redflag::api
