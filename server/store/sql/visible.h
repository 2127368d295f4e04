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

}  // namespace redflag::store::sql
