#include "store/sql/update_conditions.h"

#include "store/sql/updates.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

Conditions updateConditions(const UpdateFilter& filter, const http::Visible& visible) {
  Conditions where;
  restrictByAgent(where, visible, "u");
  if (!filter.agent_id.empty()) where.add("u.agent_id = ?", filter.agent_id);
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
    std::vector<std::string> names;
    for (const auto state : filter.states)
      names.emplace_back(name(state));
    where.in("u.state", names);
  } else if (filter.ids.empty() && filter.command_id.empty()) {
    where.add(filter.ignored_too ? notClosedSql("u") : openSql("u"));
  }
  return where;
}

}  // namespace redflag::store::sql
