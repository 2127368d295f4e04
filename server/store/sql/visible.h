#pragma once
// The one place where what a person may see becomes a condition of a query.

#include "http/grants.h"
#include "store/sql/select.h"

namespace redflag::store::sql {

// Rows that know their site, by these columns.
void restrict(Conditions& where, const http::Visible& visible, const std::string& client_column,
              const std::string& site_column);
// Rows of an agent: a table with client_id and agent_id, by its alias. The site is the one its agent is in
// now.
void restrictByAgent(Conditions& where, const http::Visible& visible, const std::string& alias);

// What holds at a place, `d` with client_id, site_id and agent_id, joined with its agent `a`: everywhere, in
// a place that is visible, or of a client of which a site is.
void restrictToHeard(Conditions& where, const http::Visible& visible);
// The same where `d` has a group_id, too: a group's, of which a machine is at a site that is visible.
void restrictToHeardOrGrouped(Conditions& where, const http::Visible& visible);

}  // namespace redflag::store::sql
