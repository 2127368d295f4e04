#include <algorithm>

#include "store/sql/commands.h"
#include "store/sql/select.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kShownUpdates = 20;

Conditions waiting(const http::Visible& visible) {
  Conditions where;
  where.add("c.state = 'awaiting_approval'");
  restrictByAgent(where, visible, "c");
  return where;
}

}  // namespace

Page<HeldOrder> SqlCommands::heldOrders(const http::Visible& visible, const PageRequest& page) const {
  Conditions where = waiting(visible);
  Page<HeldOrder> answer;
  {
    const std::string sql = "SELECT COUNT(DISTINCT c.order_id) FROM commands c" + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    answer.total = rows.integer();
  }
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, "it");
    where.add("(c.created_at, c.order_id) > (?, ?)", keys[0].get<std::int64_t>(), keys[1].get<std::string>());
  }
  {
    const std::string sql =
        "SELECT c.order_id, MIN(c.type), MIN(c.title), MIN(c.risk), MIN(c.actor), MIN(c.author_id), "
        "c.created_at, MIN(c.expires_at), COUNT(DISTINCT c.agent_id), COUNT(DISTINCT c.client_id), "
        "CASE WHEN MIN(c.parameters) = MAX(c.parameters) THEN MIN(c.parameters) ELSE '' END, "
        "MAX(c.outside_reason) FROM commands c" +
        where.sql() + " GROUP BY c.created_at, c.order_id ORDER BY c.created_at, c.order_id LIMIT ?";
    auto rows = db_.queryValues(sql, where.with(page.limit + 1));
    while (rows.next()) {
      answer.items.push_back({rows.text(),
                              rows.text(),
                              rows.text(),
                              rows.text(),
                              rows.text(),
                              rows.text(),
                              rows.integer(),
                              rows.integer(),
                              rows.integer(),
                              rows.integer(),
                              rows.text(),
                              {},
                              rows.text()});
    }
  }
  if (answer.items.size() > page.limit) {
    answer.items.pop_back();
    answer.next_cursor = encodeCursor(Json::array({answer.items.back().created_at, answer.items.back().id}));
  }
  for (HeldOrder& order : answer.items) {
    order.updates = updatesHeld(order.id, visible);
    order.places = placesHeld(order.id, visible);
  }
  return answer;
}

std::vector<std::pair<std::string, std::string>> SqlCommands::placesHeld(const std::string& order_id,
                                                                         const http::Visible& visible) const {
  Conditions where = waiting(visible);
  where.add("c.order_id = ?", order_id);
  const std::string sql =
      "SELECT DISTINCT c.client_id, a.site_id FROM commands c JOIN agents a ON a.client_id = c.client_id AND "
      "a.agent_id = c.agent_id" +
      where.sql();
  std::vector<std::pair<std::string, std::string>> places;
  auto rows = db_.queryValues(sql, where.values());
  while (rows.next()) {
    std::string client_id = rows.text();
    places.emplace_back(std::move(client_id), rows.text());
  }
  return places;
}

std::vector<std::string> SqlCommands::updatesHeld(const std::string& order_id,
                                                  const http::Visible& visible) const {
  Conditions where = waiting(visible);
  where.add("c.order_id = ?", order_id);
  const std::string sql =
      "SELECT DISTINCT p.name, p.version FROM commands c JOIN approvals p ON p.client_id = c.client_id AND "
      "p.approval_id = c.approval_id AND p.agent_id = c.agent_id" +
      where.sql() + " ORDER BY p.name, p.version LIMIT ?";
  std::vector<std::string> names;
  auto rows = db_.queryValues(sql, where.with(kShownUpdates));
  while (rows.next()) {
    const std::string name = rows.text();
    names.push_back(name + ' ' + rows.text());
  }
  return names;
}

std::vector<Command> SqlCommands::heldOf(const std::string& order_id, const http::Visible& visible) const {
  Conditions where = waiting(visible);
  where.add("c.order_id = ?", order_id);
  return select(where.sql() + " ORDER BY c.command_id", where.values());
}

std::set<std::string> SqlCommands::orderedAlone(const std::string& author_id, const std::string& risk,
                                                std::int64_t since) const {
  std::set<std::string> agents;
  auto rows = db_.query(
      "SELECT DISTINCT agent_id FROM commands WHERE author_id = ? AND created_at > ? AND risk = ? AND "
      "approved_by = '' AND state <> 'awaiting_approval'",
      author_id, since, risk);
  while (rows.next())
    agents.insert(rows.text());
  return agents;
}

}  // namespace redflag::store::sql
