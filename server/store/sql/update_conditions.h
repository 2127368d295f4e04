#pragma once
// What the lists of updates and of groups share. All of it speaks of updates `u`.

#include "store/sql/select.h"
#include "store/updates.h"

namespace redflag::store::sql {

// Worst first: security by severity (unrated after high: it may be anything), then the rest.
constexpr const char* kUrgencySql =
    "(CASE WHEN u.category = 'security' THEN CASE u.severity WHEN 'critical' THEN 0 WHEN 'high' THEN 1 "
    "WHEN 'unknown' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END ELSE 5 END)";

// Says what the states have in common, too: SQLite takes a partial index only where its condition is there.
void restrictToStates(Conditions& where, const std::vector<UpdateState>& states);
Conditions updateConditions(const UpdateFilter& filter, const http::Visible& visible);

}  // namespace redflag::store::sql
