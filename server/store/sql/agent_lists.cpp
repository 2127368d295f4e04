#include "http/message.h"
#include "store/sql/agents.h"
#include "store/sql/select.h"

namespace redflag::store::sql {
namespace {

struct Order {
  std::string expression;
  char kind = 't';  // of the cursor's key: text or integer
  bool downwards = false;
};

Order orderOf(std::string sort) {
  Order order;
  if (sort.starts_with("-")) {
    order.downwards = true;
    sort.erase(0, 1);
  }
  if (sort == "hostname") {
    order.expression = "lower(a.hostname)";
    return order;
  }
  order.kind = 'i';
  if (sort == "last_seen") {
    order.expression = "a.last_seen_at";
  } else if (sort == "enrolled") {
    order.expression = "a.enrolled_at";
  } else if (sort == "updates") {
    order.expression =
        "(SELECT COUNT(*) FROM updates u WHERE u.client_id = a.client_id AND u.agent_id = a.agent_id "
        "AND u.state NOT IN ('verified', 'superseded', 'resolved_elsewhere'))";
  } else {
    throw http::Problem{400, "request.bad_parameter", "expected hostname, last_seen, updates or enrolled",
                        "sort", 0};
  }
  return order;
}

Conditions conditionsOf(const AgentFilter& filter, const Contact& contact) {
  Conditions where;
  if (!filter.search.empty()) where.contains("a.hostname", filter.search);
  if (!filter.connection.empty()) {
    where.add(std::string(kConnectionSql) + " = ?", contactLimit(contact), filter.connection);
  }
  if (filter.breaker_open) {
    where.add(
        "EXISTS (SELECT 1 FROM breakers b WHERE b.client_id = a.client_id AND b.agent_id = a.agent_id AND "
        "b.state = 'open')");
  }
  if (filter.config_invalid) where.add("a.config_state = 'invalid'");
  return where;
}

}  // namespace

Page<Agent> SqlAgents::list(const AgentFilter& filter, const Contact& contact,
                            const PageRequest& page) const {
  const Order order = orderOf(filter.sort);
  Conditions where = conditionsOf(filter, contact);
  Page<Agent> answer;
  {
    const std::string sql = "SELECT COUNT(*) FROM agents a" + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    answer.total = rows.integer();
  }
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, std::string{order.kind, 't'});
    const std::string compare =
        "(" + order.expression + ", a.agent_id) " + (order.downwards ? "<" : ">") + " (?, ?)";
    if (order.kind == 't') {
      where.add(compare, keys[0].get<std::string>(), keys[1].get<std::string>());
    } else {
      where.add(compare, keys[0].get<std::int64_t>(), keys[1].get<std::string>());
    }
  }
  // First the page's ids, then each agent: what a row counts is not counted for rows that are not shown.
  const std::string direction = order.downwards ? " DESC" : "";
  const std::string sql = "SELECT a.agent_id, " + order.expression + " AS sort_key FROM agents a" +
                          where.sql() + " ORDER BY sort_key" + direction + ", a.agent_id" + direction +
                          " LIMIT ?";
  std::vector<std::pair<std::string, Json>> ids;
  {
    auto rows = db_.queryValues(sql, where.with(page.limit + 1));
    while (rows.next()) {
      std::string id = rows.text();
      ids.emplace_back(std::move(id), order.kind == 't' ? Json(rows.text()) : Json(rows.integer()));
    }
  }
  if (ids.size() > page.limit) {
    ids.resize(page.limit);
    answer.next_cursor = encodeCursor(Json::array({ids.back().second, ids.back().first}));
  }
  for (const auto& [id, key] : ids)
    answer.items.push_back(find(id, contact).value());
  return answer;
}

std::optional<Agent> SqlAgents::find(const std::string& agent_id, const Contact& contact) const {
  static const std::string kSql =
      std::string(
          "SELECT a.agent_id, a.hostname, a.client_id, c.name, a.site_id, s.name, a.os_name, a.os_version, "
          "a.agent_version, "
          "a.platform, a.kernel, a.boot_id, a.mode, a.isolation, a.config_state, a.config_text, ") +
      kConnectionSql +
      ", a.last_seen_at, a.enrolled_at FROM agents a JOIN clients c USING (client_id) JOIN sites s USING "
      "(client_id, site_id) "
      "WHERE a.agent_id = ?";
  Agent agent;
  {
    auto rows = db_.query(kSql, contactLimit(contact), agent_id);
    if (!rows.next()) return std::nullopt;
    for (std::string* field :
         {&agent.id, &agent.hostname, &agent.client.id, &agent.client.name, &agent.site.id, &agent.site.name,
          &agent.os_name, &agent.os_version, &agent.agent_version, &agent.platform, &agent.kernel,
          &agent.boot_id, &agent.mode, &agent.isolation, &agent.config_state, &agent.config_text,
          &agent.connection}) {
      *field = rows.text();
    }
    agent.last_seen_at = rows.integer();
    agent.enrolled_at = rows.integer();
  }
  {
    auto rows = db_.query(
        "SELECT COUNT(*), COUNT(*) FILTER (WHERE blocked_by = ''), COUNT(*) FILTER (WHERE category = "
        "'security') FROM "
        "updates "
        "WHERE client_id = ? AND agent_id = ? AND state NOT IN ('verified', 'superseded', "
        "'resolved_elsewhere')",
        agent.client.id, agent.id);
    rows.next();
    agent.updates = {rows.integer(), rows.integer(), rows.integer()};
  }
  {
    auto rows =
        db_.query("SELECT COUNT(*) FROM breakers WHERE client_id = ? AND agent_id = ? AND state = 'open'",
                  agent.client.id, agent.id);
    rows.next();
    agent.breakers_open = rows.integer();
  }
  {
    auto rows = db_.query(
        "SELECT started_at, plugin, status, complete FROM scans WHERE client_id = ? AND agent_id = ? "
        "ORDER BY received_at DESC, scan_id DESC LIMIT 1",
        agent.client.id, agent.id);
    if (rows.next()) agent.last_scan = LastScan{rows.integer(), rows.text(), rows.text(), rows.boolean()};
  }
  return agent;
}

AgentTotals SqlAgents::totals(const Contact& contact) const {
  static const std::string kSql =
      std::string(
          "SELECT connection, COUNT(*), COUNT(*) FILTER (WHERE config_state = 'invalid') FROM (SELECT ") +
      kConnectionSql + " AS connection, a.config_state FROM agents a) judged GROUP BY connection";
  AgentTotals totals;
  {
    auto rows = db_.query(kSql, contactLimit(contact));
    while (rows.next()) {
      const std::string connection = rows.text();
      const std::int64_t count = rows.integer();
      (connection == "connected" ? totals.connected
       : connection == "silent"  ? totals.silent
                                 : totals.never) = count;
      totals.total += count;
      totals.config_invalid += rows.integer();
    }
  }
  auto rows = db_.query("SELECT COUNT(*) FROM breakers WHERE state = 'open'");
  rows.next();
  totals.breakers_open = rows.integer();
  return totals;
}

std::vector<AgentKey> SqlAgents::silentSince(std::int64_t from, std::int64_t to) const {
  std::vector<AgentKey> agents;
  auto rows = db_.query(
      "SELECT agent_id, client_id, site_id, public_key FROM agents "
      "WHERE doorbell = 0 AND last_seen_at > ? AND last_seen_at <= ? LIMIT 10000",
      from, to);
  while (rows.next())
    agents.push_back({rows.text(), rows.text(), rows.text(), rows.blob()});
  return agents;
}

}  // namespace redflag::store::sql
