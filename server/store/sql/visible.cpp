#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

std::string questionMarks(std::size_t count) {
  std::string out = "(?";
  for (std::size_t i = 1; i < count; ++i)
    out += ",?";
  return out + ")";
}

void addEither(Conditions& where, const http::Visible& visible, const std::string& in_clients,
               const std::string& in_sites) {
  std::vector<std::string> ids = visible.clients();
  ids.insert(ids.end(), visible.sites().begin(), visible.sites().end());
  if (ids.empty()) {
    where.add("1 = 0");
  } else if (visible.sites().empty()) {
    where.addAll(in_clients, ids);
  } else if (visible.clients().empty()) {
    where.addAll(in_sites, ids);
  } else {
    where.addAll("(" + in_clients + " OR " + in_sites + ")", ids);
  }
}

// `ungrouped`: what is true of rows that are of no group. `grouped`: of what a group with a machine at one of
// the sites behind it has; "" where there are no groups.
void addHeard(Conditions& where, const http::Visible& visible, const std::string& ungrouped,
              const std::string& grouped) {
  if (visible.all()) return;
  std::string sql = "(d.client_id = ''";
  std::vector<std::string> ids;
  const auto either = [&](const std::string& begin, const std::vector<std::string>& some,
                          const std::string& end) {
    if (some.empty()) return;
    sql += " OR " + begin + questionMarks(some.size()) + end;
    ids.insert(ids.end(), some.begin(), some.end());
  };
  either("d.client_id IN ", visible.clients(), "");
  // On one agent: the site that it is in now.
  either("COALESCE(a.site_id, d.site_id) IN ", visible.sites(), "");
  either("(d.site_id = '' AND d.agent_id = '' AND " + ungrouped +
             " AND d.client_id IN (SELECT v.client_id FROM sites v WHERE v.site_id IN ",
         visible.sites(), "))");
  if (!grouped.empty()) either(grouped, visible.sites(), ")");
  where.addAll(sql + ")", ids);
}

}  // namespace

void restrict(Conditions& where, const http::Visible& visible, const std::string& client_column,
              const std::string& site_column) {
  if (visible.all()) return;
  addEither(where, visible, client_column + " IN " + questionMarks(visible.clients().size()),
            site_column + " IN " + questionMarks(visible.sites().size()));
}

void restrictByAgent(Conditions& where, const http::Visible& visible, const std::string& alias) {
  if (visible.all()) return;
  addEither(where, visible, alias + ".client_id IN " + questionMarks(visible.clients().size()),
            "(" + alias + ".client_id, " + alias +
                ".agent_id) IN (SELECT w.client_id, w.agent_id FROM agents w WHERE w.site_id IN " +
                questionMarks(visible.sites().size()) + ")");
}

void restrictToHeard(Conditions& where, const http::Visible& visible) {
  addHeard(where, visible, "1 = 1", "");
}

void restrictToHeardOrGrouped(Conditions& where, const http::Visible& visible) {
  addHeard(where, visible, "d.group_id = ''",
           "EXISTS (SELECT 1 FROM agent_group_members m JOIN agents v ON v.client_id = m.client_id AND "
           "v.agent_id = m.agent_id WHERE m.client_id = d.client_id AND m.group_id = d.group_id AND "
           "v.site_id IN ");
}

}  // namespace redflag::store::sql
