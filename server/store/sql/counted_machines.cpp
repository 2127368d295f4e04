#include "store/sql/counted_machines.h"

#include <algorithm>

#include "store/sql/visible.h"

namespace redflag::store::sql {

CountedMachines::CountedMachines(Connection& db, const http::Visible& visible) {
  Conditions where;
  restrict(where, visible, "a.client_id", "a.site_id");
  const std::string sql =
      "SELECT a.agent_id, a.client_id, COALESCE(p.plugin, '') FROM agents a LEFT JOIN agent_plugins p ON "
      "p.client_id = a.client_id AND p.agent_id = a.agent_id AND p.is_updater = 1 AND p.state = 'ok' AND "
      "a.mode = 'act'" +
      where.sql();
  std::unordered_map<std::string, std::size_t> clients;
  for (auto rows = db.queryValues(sql, where.values()); rows.next();) {
    Machine& machine = machines_[rows.text()];
    machine.client = clients.emplace(rows.text(), clients.size()).first->second;
    if (std::string updater = rows.text(); !updater.empty()) machine.updaters.push_back(std::move(updater));
  }
  clients_counted_in_.resize(clients.size());
}

CountedMachines::Counts CountedMachines::count(std::string_view agent_ids, const std::string& manager) {
  Counts counts;
  while (!agent_ids.empty()) {
    const auto id = agent_ids.substr(0, agent_ids.find(','));
    agent_ids.remove_prefix(std::min(id.size() + 1, agent_ids.size()));
    const auto found = machines_.find(id);
    if (found == machines_.end()) continue;
    Machine& machine = found->second;
    if (std::find(machine.updaters.begin(), machine.updaters.end(), manager) != machine.updaters.end())
      ++counts.acting;
    if (machine.counted_in == group_) continue;
    machine.counted_in = group_;
    ++counts.agents;
    if (std::int64_t& counted_in = clients_counted_in_[machine.client]; counted_in != group_) {
      counted_in = group_;
      ++counts.clients;
    }
  }
  return counts;
}

}  // namespace redflag::store::sql
