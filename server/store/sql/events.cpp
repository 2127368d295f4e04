#include "store/sql/events.h"

#include <algorithm>
#include <map>
#include <set>

#include "http/origin.h"
#include "store/sql/select.h"
#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

// What machines do all day is history alone.
bool isAudited(const HistoryEntry& entry) {
  static const std::set<std::string> always = {"enrolment", "security", "trust", "keys", "people", "audit"};
  return (entry.actor != "agent" && entry.actor != "server") || always.contains(entry.subsystem);
}

ErrorNote errorOf(const std::string& client_id, const std::string& agent_id, const HistoryEntry& entry) {
  ErrorNote note;
  note.at = entry.at;
  note.source = "agent";
  note.client_id = client_id;
  note.agent_id = agent_id;
  note.subsystem = entry.subsystem;
  note.kind = entry.kind;
  note.code = entry.code;
  note.severity = entry.severity;
  note.text = entry.text;
  note.command_id = entry.command_id;
  note.scan_id = entry.scan_id;
  note.times = entry.times;
  return note;
}

}  // namespace

void SqlEvents::record(const std::string& client_id, const std::string& agent_id, const HistoryEntry& entry) {
  recorded_.push_back({client_id, agent_id, entry});
  if (isAudited(entry)) audit(client_id, agent_id, entry);
  if (!agent_id.empty() && entry.severity != "info") errors_.note(errorOf(client_id, agent_id, entry));
}

// A statement sees none of its own rows: `nth` counts those of one agent in it.
void SqlEvents::writeRecorded() {
  for (auto next = recorded_.cbegin(); next != recorded_.cend();) {
    const auto end = next + static_cast<std::ptrdiff_t>(
                                ValueRows::taken(static_cast<std::size_t>(recorded_.cend() - next)));
    std::map<std::pair<std::string_view, std::string_view>, int> of_agent;
    ValueRows rows;
    for (; next != end; ++next) {
      const auto& [client_id, agent_id, entry] = *next;
      rows.add(client_id, agent_id, ++of_agent[{client_id, agent_id}], entry.at, entry.subsystem, entry.actor,
               entry.kind, entry.text, entry.code, entry.severity, entry.command_id, entry.scan_id);
    }
    rows.post(db_,
              "WITH v (client_id, agent_id, nth, at, subsystem, actor, kind, text, code, severity, "
              "command_id, scan_id) AS (VALUES ",
              ") INSERT INTO history (client_id, agent_id, seq, at, subsystem, actor, kind, text, code, "
              "severity, command_id, scan_id) SELECT v.client_id, v.agent_id, COALESCE((SELECT MAX(h.seq) "
              "FROM history h WHERE h.client_id = v.client_id AND h.agent_id = v.agent_id), 0) + v.nth, "
              "v.at, v.subsystem, v.actor, v.kind, v.text, v.code, v.severity, v.command_id, v.scan_id "
              "FROM v");
  }
  recorded_.clear();
}

void SqlEvents::audit(const std::string& client_id, const std::string& agent_id, const HistoryEntry& entry) {
  AuditRecord out;
  out.at = entry.at;
  out.client_id = client_id;
  out.agent_id = agent_id;
  out.subsystem = entry.subsystem;
  out.actor = entry.actor;
  out.kind = entry.kind;
  out.text = entry.text;
  out.code = entry.code;
  out.severity = entry.severity;
  out.times = entry.times;
  out.command_id = entry.command_id;
  out.peer = entry.peer;
  out.request_id = entry.request_id;
  if (http::Origin* origin = http::currentOrigin()) {
    out.peer = origin->peer;
    out.request_id = origin->request_id;
    origin->recorded.insert(origin->recorded.end(), {entry.code, entry.kind});
  }
  audit_.append(std::move(out));
}

Page<HistoryEntry> SqlEvents::history(const std::string& client_id, const std::string& agent_id,
                                      const PageRequest& page) const {
  Page<HistoryEntry> answer;
  std::int64_t before = INT64_MAX;
  if (!page.cursor.empty()) before = decodeCursor(page.cursor, "i")[0].get<std::int64_t>();
  {
    auto rows =
        db_.query("SELECT COUNT(*) FROM history WHERE client_id = ? AND agent_id = ?", client_id, agent_id);
    rows.next();
    answer.total = rows.integer();
  }
  auto rows = db_.query(
      "SELECT seq, at, subsystem, actor, kind, text, code, severity, command_id, scan_id FROM history "
      "WHERE client_id = ? AND agent_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
      client_id, agent_id, before, page.limit + 1);
  while (rows.next()) {
    if (answer.items.size() == page.limit) {
      answer.next_cursor = encodeCursor(Json::array({answer.items.back().seq}));
      break;
    }
    HistoryEntry& one = answer.items.emplace_back();
    one.seq = rows.integer();
    one.at = rows.integer();
    for (std::string* text : {&one.subsystem, &one.actor, &one.kind, &one.text, &one.code, &one.severity,
                              &one.command_id, &one.scan_id}) {
      *text = rows.text();
    }
  }
  return answer;
}

std::int64_t SqlEvents::countSince(const std::string& kind, std::int64_t since,
                                   const http::Visible& visible) const {
  Conditions where;
  where.add("h.kind = ?", kind);
  where.add("h.at >= ?", since);
  restrictByAgent(where, visible, "h");
  const std::string sql = "SELECT COUNT(*) FROM history h" + where.sql();
  auto rows = db_.queryValues(sql, where.values());
  rows.next();
  return rows.integer();
}

void SqlEvents::publish(const std::string& client_id, const std::string& type, const Json& data,
                        std::int64_t now) {
  const auto agent = data.find("agent_id");
  published_.push_back(
      {now, client_id, agent == data.end() ? "" : agent->get<std::string>(), type, dumpJson(data)});
}

bool SqlEvents::writePublished() {
  if (published_.empty()) return false;
  if (!db_.dialect().lock_outbox.empty()) db_.post(db_.dialect().lock_outbox);
  ValueRows rows;
  for (const Publication& one : published_)
    rows.add(one.at, one.client_id, one.agent_id, one.type, one.data);
  rows.post(db_, "INSERT INTO outbox (at, client_id, agent_id, event, data) VALUES ");
  return true;
}

std::vector<http::Event> SqlEvents::after(std::int64_t seq, std::size_t limit, const http::Visible& visible,
                                          std::int64_t up_to) const {
  Conditions where;
  where.add("o.seq > ?", seq);
  where.add("o.seq <= ?", up_to);
  restrictByAgent(where, visible, "o");
  std::vector<http::Event> events;
  const std::string sql =
      "SELECT o.seq, o.event, o.data FROM outbox o" + where.sql() + " ORDER BY o.seq LIMIT ?";
  auto rows = db_.queryValues(sql, where.with(limit));
  while (rows.next())
    events.push_back({rows.integer(), rows.text(), rows.text()});
  return events;
}

std::int64_t SqlEvents::newest() const {
  auto rows = db_.query("SELECT COALESCE(MAX(seq), 0) FROM outbox");
  rows.next();
  return rows.integer();
}

bool SqlEvents::prune(std::int64_t keep, std::int64_t before, int limit) {
  // The newest stays, whatever its age: it is how far the outbox has come.
  const int events = db_.execute(
      "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq <= ? ORDER BY seq LIMIT ?)",
      newest() - std::max<std::int64_t>(keep, 1), limit);
  const int entries = db_.execute(
      "DELETE FROM history WHERE (client_id, agent_id, seq) IN "
      "(SELECT client_id, agent_id, seq FROM history WHERE at < ? LIMIT ?)",
      before, limit);
  return events == limit || entries == limit;
}

}  // namespace redflag::store::sql
