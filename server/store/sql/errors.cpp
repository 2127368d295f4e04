#include "store/sql/errors.h"

#include <algorithm>
#include <cstddef>

#include "base/encoding.h"
#include "store/sql/select.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr std::int64_t kMaxKinds = 200;       // of one machine, and of all that is about none
constexpr std::ptrdiff_t kReportsKnown = 50;  // of one kind
constexpr std::size_t kMaxText = 4'096;
constexpr std::size_t kMaxDetail = 16'384;

std::string shortened(std::string text, std::size_t limit) {
  if (text.size() > limit) text.resize(limit);
  while (!isUtf8(text))  // cut within a character
    text.pop_back();
  return text;
}

constexpr const char* kGroupSql =
    "SELECT e.fingerprint AS id, MAX(e.source) AS source, MAX(e.subsystem) AS subsystem, MAX(e.kind) AS "
    "kind, "
    "MAX(e.code) AS code, MAX(e.severity) AS severity, MAX(e.text) AS text, "
    "SUM(CASE WHEN e.agent_id = '' THEN 0 ELSE 1 END) AS agents, CAST(SUM(e.times) AS BIGINT) AS times, "
    "MIN(e.first_at) AS first_at, MAX(e.last_at) AS last_at FROM errors e";

constexpr const char* kRankSql = "CASE WHEN g.severity = 'error' THEN 1 ELSE 0 END";

ErrorGroup errorGroupFrom(Rows& rows) {
  ErrorGroup group;
  for (std::string* text :
       {&group.id, &group.source, &group.subsystem, &group.kind, &group.code, &group.severity, &group.text}) {
    *text = rows.text();
  }
  for (std::int64_t* number : {&group.agents, &group.times, &group.first_at, &group.last_at})
    *number = rows.integer();
  return group;
}

Conditions errorConditions(const ErrorFilter& filter, const http::Visible& visible) {
  Conditions where;
  for (const auto& [sql, value] : {std::pair<const char*, const std::string&>{"e.source = ?", filter.source},
                                   {"e.severity = ?", filter.severity},
                                   {"e.subsystem = ?", filter.subsystem},
                                   {"e.code = ?", filter.code},
                                   {"e.agent_id = ?", filter.agent_id}}) {
    if (!value.empty()) where.add(sql, value);
  }
  if (!filter.search.empty()) where.contains("e.text", filter.search);
  if (filter.from > 0) where.add("e.last_at >= ?", filter.from);
  restrictByAgent(where, visible, "e");
  return where;
}

Conditions ofOneKind(const std::string& id, const http::Visible& visible, const std::string& agent_id) {
  Conditions where;
  where.add("e.fingerprint = ?", id);
  if (!agent_id.empty()) where.add("e.agent_id = ?", agent_id);
  restrictByAgent(where, visible, "e");
  return where;
}

std::int64_t rankOf(const ErrorGroup& group) {
  return group.severity == "error" ? 1 : 0;
}

}  // namespace

// nullopt: it was counted. Otherwise the last reports of its kind, this one with them.
std::optional<std::string> SqlErrors::reportsWith(const ErrorNote& note,
                                                  const std::string& fingerprint) const {
  auto rows = db_.query("SELECT reports FROM errors WHERE client_id = ? AND agent_id = ? AND fingerprint = ?",
                        note.client_id, note.agent_id, fingerprint);
  std::string reports = rows.next() ? rows.text() : "";
  const std::string mine = note.report_id + " ";
  if (reports.starts_with(mine) || reports.find(" " + mine) != std::string::npos) return std::nullopt;
  reports += mine;
  while (std::count(reports.begin(), reports.end(), ' ') > kReportsKnown)
    reports.erase(0, reports.find(' ') + 1);
  return reports;
}

void SqlErrors::note(const ErrorNote& note) {
  const std::string fingerprint = fingerprintOf(note);
  const auto reports =
      note.report_id.empty() ? std::optional<std::string>("") : reportsWith(note, fingerprint);
  if (!reports) return;
  const int known = db_.execute(
      "UPDATE errors SET times = times + ?, last_at = ?, text = ?, detail = ?, command_id = ?, scan_id = ?, "
      "actor = ?, reports = CASE WHEN ?8 = '' THEN reports ELSE ?8 END WHERE client_id = ? AND agent_id = ? "
      "AND fingerprint = ?",
      note.times, note.at, shortened(note.text, kMaxText), shortened(note.detail, kMaxDetail),
      note.command_id, note.scan_id, note.actor, *reports, note.client_id, note.agent_id, fingerprint);
  if (known > 0) return;
  makeRoom(note);
  db_.post(
      "INSERT INTO errors (client_id, agent_id, fingerprint, source, severity, subsystem, kind, code, text, "
      "detail, command_id, scan_id, actor, times, first_at, last_at, reports) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (client_id, agent_id, fingerprint) DO UPDATE SET times = errors.times + excluded.times, "
      "last_at = excluded.last_at",
      note.client_id, note.agent_id, fingerprint, note.source, note.severity, note.subsystem, note.kind,
      note.code, shortened(note.text, kMaxText), shortened(note.detail, kMaxDetail), note.command_id,
      note.scan_id, note.actor, note.times, note.at, note.at, *reports);
}

void SqlErrors::makeRoom(const ErrorNote& note) {
  db_.post(
      "DELETE FROM errors WHERE client_id = ?1 AND agent_id = ?2 AND fingerprint IN (SELECT fingerprint FROM "
      "errors WHERE client_id = ?1 AND agent_id = ?2 ORDER BY last_at DESC, fingerprint LIMIT ?4 OFFSET ?3)",
      note.client_id, note.agent_id, kMaxKinds - 1, kMaxKinds);
}

Page<ErrorGroup> SqlErrors::groups(const ErrorFilter& filter, const http::Visible& visible,
                                   const PageRequest& page) const {
  const Conditions where = errorConditions(filter, visible);
  Page<ErrorGroup> answer;
  {
    const std::string sql = "SELECT COUNT(DISTINCT e.fingerprint) FROM errors e" + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    answer.total = rows.integer();
  }
  const bool worst = filter.sort == "worst";
  const std::string order = worst ? std::string(kRankSql) + ", g.agents, g.times, g.id" : "g.last_at, g.id";
  std::string sql = "SELECT g.* FROM (" + std::string(kGroupSql) + where.sql() + " GROUP BY e.fingerprint) g";
  Conditions after;
  if (!page.cursor.empty()) {
    const Json last = decodeCursor(page.cursor, worst ? "iiit" : "it");
    const auto number = [&](std::size_t i) { return last[i].get<std::int64_t>(); };
    if (worst) {
      after.add("(" + order + ") < (?, ?, ?, ?)", number(0), number(1), number(2),
                last[3].get<std::string>());
    } else {
      after.add("(" + order + ") < (?, ?)", number(0), last[1].get<std::string>());
    }
  }
  std::string downwards;
  for (const char c : order)
    downwards += c == ',' ? std::string(" DESC,") : std::string(1, c);
  sql += after.sql() + " ORDER BY " + downwards + " DESC LIMIT ?";
  std::vector<Value> values = where.values();
  const std::vector<Value> more = after.with(page.limit + 1);
  values.insert(values.end(), more.begin(), more.end());
  auto rows = db_.queryValues(sql, values);
  while (rows.next()) {
    if (answer.items.size() == page.limit) {
      const ErrorGroup& last = answer.items.back();
      answer.next_cursor = encodeCursor(worst ? Json::array({rankOf(last), last.agents, last.times, last.id})
                                              : Json::array({last.last_at, last.id}));
      break;
    }
    answer.items.push_back(errorGroupFrom(rows));
  }
  return answer;
}

std::optional<ErrorGroup> SqlErrors::group(const std::string& id, const http::Visible& visible,
                                           const std::string& agent_id) const {
  const Conditions where = ofOneKind(id, visible, agent_id);
  const std::string sql = std::string(kGroupSql) + where.sql() + " GROUP BY e.fingerprint";
  auto rows = db_.queryValues(sql, where.values());
  if (!rows.next()) return std::nullopt;
  return errorGroupFrom(rows);
}

std::vector<ErrorRow> SqlErrors::rows(const std::string& id, const http::Visible& visible, std::size_t limit,
                                      const std::string& agent_id) const {
  const Conditions where = ofOneKind(id, visible, agent_id);
  const std::string sql =
      "SELECT e.client_id, e.agent_id, e.source, e.subsystem, e.kind, e.code, e.severity, e.text, e.detail, "
      "e.command_id, e.scan_id, e.actor, COALESCE(a.hostname, ''), e.last_at, e.first_at, e.times FROM "
      "errors "
      "e LEFT JOIN agents a ON a.client_id = e.client_id AND a.agent_id = e.agent_id" +
      where.sql() + " ORDER BY e.last_at DESC, e.agent_id LIMIT ?";
  std::vector<ErrorRow> out;
  auto rows = db_.queryValues(sql, where.with(limit));
  while (rows.next()) {
    ErrorRow& row = out.emplace_back();
    ErrorNote& note = row.newest;
    for (std::string* text : {&note.client_id, &note.agent_id, &note.source, &note.subsystem, &note.kind,
                              &note.code, &note.severity, &note.text, &note.detail, &note.command_id,
                              &note.scan_id, &note.actor, &row.hostname}) {
      *text = rows.text();
    }
    note.at = rows.integer();
    row.first_at = rows.integer();
    row.times = rows.integer();
  }
  return out;
}

bool SqlErrors::prune(std::int64_t before, int limit) {
  return db_.execute(
             "DELETE FROM errors WHERE (client_id, agent_id, fingerprint) IN "
             "(SELECT client_id, agent_id, fingerprint FROM errors WHERE last_at < ? LIMIT ?)",
             before, limit) == limit;
}

}  // namespace redflag::store::sql
