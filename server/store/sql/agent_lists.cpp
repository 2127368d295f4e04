#include "http/message.h"
#include "store/metrics.h"
#include "store/sql/agents.h"
#include "store/sql/select.h"
#include "store/sql/updates.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

// How many updates of agent `a` meet a condition on `n`. Filtered where it is counted: as a condition of the
// rows, PostgreSQL may take it for a reason to walk the whole fleet's index of what is open.
std::string updatesSql(const std::string& condition) {
  return "(SELECT COUNT(*) FILTER (WHERE " + condition +
         ") FROM updates n WHERE n.client_id = a.client_id AND n.agent_id = a.agent_id)";
}

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
    order.expression = updatesSql(openSql("n"));
  } else {
    throw http::Problem{400, "request.bad_parameter", "expected hostname, last_seen, updates or enrolled",
                        "sort", 0};
  }
  return order;
}

// A fact's value is JSON, and a plugin may say yes in either of these ways.
constexpr const char* kRebootPendingSql =
    "EXISTS (SELECT 1 FROM facts n WHERE n.client_id = a.client_id AND n.agent_id = a.agent_id AND "
    "n.name = 'reboot.required' AND n.value IN ('1', 'true'))";

// By a forecast that counts (kForecastBehindDays). Its parameters: within how many days, after when it came,
// and how far behind the machine's newest.
constexpr const char* kDiskFillingSql =
    "EXISTS (SELECT 1 FROM metrics f WHERE f.client_id = a.client_id AND f.agent_id = a.agent_id AND "
    "f.name = 'filesystem_full_in_days' AND f.value <= ? AND f.at > ? AND f.at = (SELECT n.at FROM metrics n "
    "WHERE n.client_id = f.client_id AND n.agent_id = f.agent_id AND n.name = 'filesystem_available_bytes' "
    "AND n.label = f.label) AND f.at >= (SELECT MAX(n.at) FROM metrics n WHERE n.client_id = f.client_id AND "
    "n.agent_id = f.agent_id AND n.name = 'filesystem_available_bytes') - ?)";

Conditions conditionsOf(const AgentFilter& filter, const http::Visible& visible, const Contact& contact) {
  Conditions where;
  restrict(where, visible, "a.client_id", "a.site_id");
  if (!filter.search.empty()) where.contains("a.hostname", filter.search);
  if (!filter.client_id.empty()) where.add("a.client_id = ?", filter.client_id);
  if (!filter.site_id.empty()) where.add("a.site_id = ?", filter.site_id);
  if (!filter.connection.empty()) {
    where.add(std::string(kConnectionSql) + " = ?", contactLimit(contact), filter.connection);
  }
  if (filter.breaker_open) {
    where.add(
        "EXISTS (SELECT 1 FROM breakers b WHERE b.client_id = a.client_id AND b.agent_id = a.agent_id AND "
        "b.state = 'open')");
  }
  if (filter.disk_filling) {
    where.add(kDiskFillingSql, kDiskFillingDays, contact.now - kDiskFillingDays * kMetricDayNs,
              kForecastBehindDays * kMetricDayNs);
  }
  if (filter.reboot_pending) where.add(kRebootPendingSql);
  if (filter.config_invalid) where.add("a.config_state = 'invalid'");
  if (filter.weakly_isolated) where.add("a.isolation = 'weak'");
  if (filter.weakly_bound) where.add("a.binding = 'weak'");
  if (filter.identity.empty()) {
    where.add("a.identity_state <> 'revoked'");
  } else if (filter.identity == "needs_a_look") {
    where.add("a.identity_state IN ('pending', 'cloned', 'restored')");
  } else {
    where.add("a.identity_state = ?", filter.identity);
  }
  return where;
}

// Agents with everything a list shows of them. `chosen` selects from agents `a` the keys of a page's rows
// (and names its last column sort_key): what a row counts is not counted for rows that are not shown. Its one
// parameter before those of `chosen` is contactLimit(). The rows are found again by what is theirs alone:
// given the client, too, PostgreSQL may walk all of its agents for each (where it has not counted them yet).
std::string agentsSql(const std::string& chosen) {
  static const std::string kOf = " WHERE n.client_id = a.client_id AND n.agent_id = a.agent_id";
  static const std::string kOpen = openSql("n");
  static const std::string kNewestScan =
      " FROM scans n" + kOf + " ORDER BY n.received_at DESC, n.scan_id DESC LIMIT 1)";
  return std::string(
             "SELECT a.agent_id, a.hostname, a.client_id, c.name, a.site_id, s.name, a.os_name, "
             "a.os_version, a.agent_version, a.platform, a.kernel, a.boot_id, a.mode, a.isolation, "
             "a.config_state, a.config_text, a.identity_state, a.identity_reason, a.line_id, ") +
         kConnectionSql + ", a.last_seen_at, a.enrolled_at, a.identity_since, a.line_number, " +
         updatesSql(kOpen) + ", " + updatesSql(kOpen + " AND n.blocked_by = ''") + ", " +
         updatesSql(kOpen + " AND n.category = 'security'") + ", " + updatesSql("n.state = 'ignored'") +
         ", (SELECT COUNT(*) FROM breakers n" + kOf +
         " AND n.state = 'open'), l.started_at, l.plugin, l.status, l.complete, chosen.sort_key FROM (" +
         chosen +
         ") chosen JOIN agents a ON a.agent_id = chosen.agent_id JOIN clients c ON c.client_id = a.client_id "
         "JOIN sites s ON s.client_id = a.client_id AND s.site_id = a.site_id LEFT JOIN scans l ON "
         "l.client_id = a.client_id AND "
         "l.agent_id = a.agent_id AND l.received_at = (SELECT n.received_at" +
         kNewestScan + " AND l.scan_id = (SELECT n.scan_id" + kNewestScan;
}

Agent agentFrom(Rows& rows) {
  Agent agent;
  for (std::string* field : {&agent.id,
                             &agent.hostname,
                             &agent.client.id,
                             &agent.client.name,
                             &agent.site.id,
                             &agent.site.name,
                             &agent.os_name,
                             &agent.os_version,
                             &agent.agent_version,
                             &agent.platform,
                             &agent.kernel,
                             &agent.boot_id,
                             &agent.mode,
                             &agent.isolation,
                             &agent.config_state,
                             &agent.config_text,
                             &agent.standing.state,
                             &agent.standing.reason,
                             &agent.standing.line,
                             &agent.connection}) {
    *field = rows.text();
  }
  agent.last_seen_at = rows.integer();
  agent.enrolled_at = rows.integer();
  agent.standing.since = rows.integer();
  agent.standing.number = rows.integer();
  agent.updates = {rows.integer(), rows.integer(), rows.integer(), rows.integer()};
  agent.breakers_open = rows.integer();
  const auto scanned_at = rows.optionalInteger();
  LastScan scan{scanned_at.value_or(0), rows.text(), rows.text(), rows.boolean()};
  if (scanned_at) agent.last_scan = std::move(scan);
  return agent;
}

}  // namespace

Page<Agent> SqlAgents::list(const AgentFilter& filter, const http::Visible& visible, const Contact& contact,
                            const PageRequest& page) const {
  const Order order = orderOf(filter.sort);
  Page<Agent> answer;
  answer.total = count(filter, visible, contact);
  Conditions where = conditionsOf(filter, visible, contact);
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
  const std::string direction = order.downwards ? " DESC" : "";
  const std::string sql =
      agentsSql("SELECT a.client_id, a.agent_id, " + order.expression + " AS sort_key FROM agents a" +
                where.sql() + " ORDER BY sort_key" + direction + ", a.agent_id" + direction + " LIMIT ?") +
      " ORDER BY chosen.sort_key" + direction + ", a.agent_id" + direction;
  std::vector<Value> values = where.with(page.limit + 1);
  values.insert(values.begin(), contactLimit(contact));
  Json last_key;
  for (auto rows = db_.queryValues(sql, values); rows.next();) {
    if (answer.items.size() == page.limit) {
      answer.next_cursor = encodeCursor(Json::array({last_key, answer.items.back().id}));
      break;
    }
    answer.items.push_back(agentFrom(rows));
    last_key = order.kind == 't' ? Json(rows.text()) : Json(rows.integer());
  }
  return answer;
}

std::int64_t SqlAgents::count(const AgentFilter& filter, const http::Visible& visible,
                              const Contact& contact) const {
  const Conditions where = conditionsOf(filter, visible, contact);
  const std::string sql = "SELECT COUNT(*) FROM agents a" + where.sql();
  auto rows = db_.queryValues(sql, where.values());
  rows.next();
  return rows.integer();
}

std::optional<Agent> SqlAgents::find(const std::string& agent_id, const http::Visible& visible,
                                     const Contact& contact) const {
  Conditions where;
  where.add("a.agent_id = ?", agent_id);
  restrict(where, visible, "a.client_id", "a.site_id");
  const std::string sql =
      agentsSql("SELECT a.client_id, a.agent_id, 0 AS sort_key FROM agents a" + where.sql());
  std::vector<Value> values = where.values();
  values.insert(values.begin(), contactLimit(contact));
  auto rows = db_.queryValues(sql, values);
  if (!rows.next()) return std::nullopt;
  return agentFrom(rows);
}

AgentTotals SqlAgents::totals(const http::Visible& visible, const Contact& contact) const {
  Conditions where;
  where.add("a.identity_state <> 'revoked'");
  restrict(where, visible, "a.client_id", "a.site_id");
  const std::string sql =
      std::string(
          "SELECT connection, COUNT(*), COUNT(*) FILTER (WHERE config_state = 'invalid'), "
          "COUNT(*) FILTER (WHERE identity_state = 'pending'), COUNT(*) FILTER (WHERE identity_state = "
          "'cloned'), COUNT(*) FILTER (WHERE identity_state = 'restored'), COUNT(*) FILTER (WHERE isolation "
          "= "
          "'weak'), COUNT(*) FILTER (WHERE binding = 'weak') FROM (SELECT ") +
      kConnectionSql +
      " AS connection, a.config_state, a.identity_state, a.isolation, a.binding FROM agents a" + where.sql() +
      ") judged GROUP BY connection";
  AgentTotals totals;
  {
    std::vector<Value> values = where.values();
    values.insert(values.begin(), contactLimit(contact));
    auto rows = db_.queryValues(sql, values);
    while (rows.next()) {
      const std::string connection = rows.text();
      const std::int64_t count = rows.integer();
      (connection == "connected" ? totals.connected
       : connection == "silent"  ? totals.silent
                                 : totals.never) = count;
      totals.total += count;
      totals.config_invalid += rows.integer();
      totals.pending += rows.integer();
      totals.cloned += rows.integer();
      totals.restored += rows.integer();
      totals.weakly_isolated += rows.integer();
      totals.weakly_bound += rows.integer();
    }
  }
  Conditions open;
  open.add("b.state = 'open'");
  // Of a machine that is gone nobody can close one.
  open.add(
      "EXISTS (SELECT 1 FROM agents a WHERE a.client_id = b.client_id AND a.agent_id = b.agent_id AND "
      "a.identity_state <> 'revoked')");
  restrictByAgent(open, visible, "b");
  const std::string breakers = "SELECT COUNT(*) FROM breakers b" + open.sql();
  auto rows = db_.queryValues(breakers, open.values());
  rows.next();
  totals.breakers_open = rows.integer();
  return totals;
}

}  // namespace redflag::store::sql
