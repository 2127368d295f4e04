#include "store/sql/update_conditions.h"

#include "store/sql/updates.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

void restrictToStates(Conditions& where, const std::vector<UpdateState>& states) {
  std::vector<std::string> names;
  bool all_open = true;
  bool none_available = true;
  for (const auto state : states) {
    names.emplace_back(name(state));
    all_open = all_open && !closed(state);
    none_available = none_available && state != UpdateState::kAvailable;
  }
  where.in("u.state", names);
  if (all_open) where.add(notClosedSql("u"));
  if (none_available) where.add("u.state <> 'available'");
}

Conditions updateConditions(const UpdateFilter& filter, const http::Visible& visible) {
  Conditions where;
  restrictByAgent(where, visible, "u");
  if (!filter.agent_id.empty()) addAgent(where, "u", filter.agent_id);
  if (!filter.manager.empty()) where.add("u.manager = ?", filter.manager);
  if (!filter.name.empty()) where.add("u.name = ?", filter.name);
  if (!filter.arch.empty()) where.add("u.arch = ?", filter.arch);
  if (!filter.version.empty()) where.add("u.candidate_version = ?", filter.version);
  if (!filter.category.empty()) where.add("u.category = ?", filter.category);
  if (!filter.search.empty()) where.contains("u.name", filter.search);
  if (filter.installable) where.add(*filter.installable ? "u.blocked_by = ''" : "u.blocked_by <> ''");
  if (!filter.ids.empty()) where.in("u.update_id", filter.ids);
  if (!filter.command_id.empty()) {
    where.add(
        "u.update_id IN (SELECT l.update_id FROM command_updates l WHERE l.client_id = u.client_id AND "
        "l.command_id = ?)",
        filter.command_id);
  }
  if (!filter.states.empty()) {
    restrictToStates(where, filter.states);
  } else if (filter.ids.empty() && filter.command_id.empty()) {
    where.add(filter.ignored_too ? notClosedSql("u") : openSql("u"));
  }
  return where;
}

}  // namespace redflag::store::sql
