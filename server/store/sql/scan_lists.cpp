// What is shown of scans, their records and their facts. How long these are is an agent's say: a page ends
// early where it gets large, and what alone is too long for a list is left out of it.
#include <algorithm>
#include <utility>

#include "store/sql/scans.h"
#include "store/sql/select.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kPageBytes = 4U << 20;
constexpr std::size_t kFactBytes = 2U << 20;  // of all values together
// What is read at a time, in characters at most four million of scans, 25 million of records.
constexpr std::size_t kScansAtOnce = 16;
constexpr std::size_t kRecordsAtOnce = 50;

Json parsed(const std::string& text) {
  auto value = parseJson(text, {16U << 20, 16, 1'000'000});
  return value ? std::move(*value) : Json::array();
}

std::vector<ScopeStatus> scopesOf(const std::string& text) {
  std::vector<ScopeStatus> scopes;
  for (const auto& scope : parsed(text))
    scopes.push_back({scope.at("key"), scope.at("status")});
  return scopes;
}

const std::string kScanColumns =
    "SELECT plugin, received_at, scan_id, plugin_version, interface, purpose, trigger, command_id, boot_id, "
    "started_at, duration_ms, status, complete, ";
// As many of its scopes and reports as a list shows: all, or none.
const std::string kListedColumns =
    kScanColumns +
    "CASE WHEN LENGTH(scopes) + LENGTH(reports) <= 262144 THEN scopes ELSE '' END, "
    "CASE WHEN LENGTH(scopes) + LENGTH(reports) <= 262144 THEN reports ELSE '' END ";

// A row of either, and how many bytes its two texts have.
std::pair<Scan, std::size_t> scanOf(Rows& rows) {
  Scan scan;
  scan.plugin = rows.text();
  scan.received_at = rows.integer();
  scan.id = rows.text();
  scan.plugin_version = rows.text();
  scan.interface_id = rows.text();
  scan.purpose = rows.text();
  scan.trigger = rows.text();
  scan.command_id = rows.text();
  scan.boot_id = rows.text();
  scan.started_at = rows.integer();
  scan.duration_ms = rows.integer();
  scan.status = rows.text();
  scan.complete = rows.boolean();
  const std::string scopes = rows.text();
  const std::string reports = rows.text();
  scan.cut = scopes.empty();
  scan.scopes = scopesOf(scopes);
  scan.reports = parsed(reports);
  return {std::move(scan), scopes.size() + reports.size()};
}

void leaveOut(Scan& scan) {
  scan.cut = true;
  scan.scopes.clear();
  scan.reports = Json::array();
}

std::string cursorAt(const Scan& last) {
  return encodeCursor(Json::array({last.received_at, last.id, last.plugin}));
}

std::string cursorAt(const ShownRecord& last) {
  const auto& [plugin, purpose, at, record] = last;
  return encodeCursor(Json::array({record.label, plugin, purpose, record.scope, record.digest}));
}

// `read`: the rows behind a cursor, each with its bytes, as many as are asked for.
template <class T, class Read>
void fill(Page<T>& answer, const PageRequest& page, std::size_t at_once, const Read& read) {
  std::string cursor = page.cursor;
  for (std::size_t bytes = 0;;) {
    const std::size_t wanted = std::min(at_once, page.limit - answer.items.size()) + 1;
    auto rows = read(cursor, wanted);
    for (auto& [item, size] : rows) {
      if (answer.items.size() == page.limit || bytes >= kPageBytes) {
        answer.next_cursor = cursorAt(answer.items.back());
        return;
      }
      bytes += size;
      answer.items.push_back(std::move(item));
    }
    if (rows.size() < wanted) return;
    cursor = cursorAt(answer.items.back());
  }
}

}  // namespace

std::vector<Scan> SqlScans::newest(const AgentKey& agent) const {
  // One seek a plugin: its greatest key.
  static const std::string kSql =
      kListedColumns +
      "FROM (SELECT client_id, agent_id, plugin, MAX(received_at) AS received_at FROM scans "
      " WHERE client_id = ? AND agent_id = ? GROUP BY client_id, agent_id, plugin) n "
      "JOIN scans s USING (client_id, agent_id, plugin, received_at) "
      "WHERE s.scan_id = (SELECT MAX(x.scan_id) FROM scans x WHERE x.client_id = s.client_id AND "
      "x.agent_id = s.agent_id AND x.plugin = s.plugin AND x.received_at = s.received_at) ORDER BY plugin";
  std::vector<Scan> scans;
  std::size_t bytes = 0;
  auto rows = db_.query(kSql, agent.client_id, agent.agent_id);
  while (rows.next()) {
    auto [scan, size] = scanOf(rows);
    bytes += size;
    if (bytes > kPageBytes) leaveOut(scan);
    scans.push_back(std::move(scan));
  }
  return scans;
}

std::optional<Scan> SqlScans::find(const AgentKey& agent, const std::string& scan_id) const {
  static const std::string kSql =
      kScanColumns + "scopes, reports FROM scans WHERE client_id = ? AND agent_id = ? AND scan_id = ?";
  auto rows = db_.query(kSql, agent.client_id, agent.agent_id, scan_id);
  if (!rows.next()) return std::nullopt;
  return scanOf(rows).first;
}

Page<Scan> SqlScans::list(const AgentKey& agent, const PageRequest& page) const {
  Page<Scan> answer;
  Conditions all;
  all.add("client_id = ? AND agent_id = ?", agent.client_id, agent.agent_id);
  {
    const std::string sql = "SELECT COUNT(*) FROM scans" + all.sql();
    auto rows = db_.queryValues(sql, all.values());
    rows.next();
    answer.total = rows.integer();
  }
  const auto read = [&](const std::string& cursor, std::size_t limit) {
    Conditions where = all;  // whose texts it points to
    if (!cursor.empty()) {
      const Json last = decodeCursor(cursor, "itt");
      where.add("(received_at, scan_id, plugin) < (?, ?, ?)", last[0].get<std::int64_t>(),
                last[1].get<std::string>(), last[2].get<std::string>());
    }
    const std::string sql = kListedColumns + "FROM scans" + where.sql() +
                            " ORDER BY received_at DESC, scan_id DESC, plugin DESC LIMIT ?";
    std::vector<std::pair<Scan, std::size_t>> some;
    for (auto rows = db_.queryValues(sql, where.with(limit)); rows.next();)
      some.push_back(scanOf(rows));
    return some;
  };
  fill(answer, page, kScansAtOnce, read);
  return answer;
}

std::vector<Fact> SqlScans::facts(const AgentKey& agent) const {
  std::vector<Fact> facts;
  std::size_t bytes = 0;
  auto rows = db_.query(
      "SELECT name, CASE WHEN LENGTH(value) <= 8192 THEN value ELSE '' END FROM facts "
      "WHERE client_id = ? AND agent_id = ? ORDER BY name LIMIT 1000",
      agent.client_id, agent.agent_id);
  while (rows.next()) {
    std::string name = rows.text();
    std::string value = rows.text();
    bytes += value.size();
    facts.push_back({std::move(name), bytes <= kFactBytes ? std::move(value) : std::string()});
  }
  return facts;
}

Page<ShownRecord> SqlScans::records(const AgentKey& agent, const RecordFilter& filter,
                                    const PageRequest& page) const {
  Conditions all;
  all.add("client_id = ? AND agent_id = ? AND kind = ?", agent.client_id, agent.agent_id, filter.kind);
  if (!filter.search.empty()) all.contains("body", filter.search);
  Page<ShownRecord> answer;
  {
    const std::string sql = "SELECT COUNT(*) FROM records" + all.sql();
    auto rows = db_.queryValues(sql, all.values());
    rows.next();
    answer.total = rows.integer();
  }
  const auto read = [&](const std::string& cursor, std::size_t limit) {
    Conditions where = all;  // whose texts it points to
    if (!cursor.empty()) {
      const Json last = decodeCursor(cursor, "ttttt");
      const auto part = [&](std::size_t i) { return last[i].get<std::string>(); };
      where.add("(label, plugin, purpose_class, scope, digest) > (?, ?, ?, ?, ?)", part(0), part(1), part(2),
                part(3), part(4));
    }
    const std::string sql =
        "SELECT plugin, purpose_class, at, scope, kind, digest, body, label FROM records" + where.sql() +
        " ORDER BY label, plugin, purpose_class, scope, digest LIMIT ?";
    std::vector<std::pair<ShownRecord, std::size_t>> some;
    for (auto rows = db_.queryValues(sql, where.with(limit)); rows.next();) {
      ShownRecord shown{rows.text(),
                        rows.text(),
                        rows.integer(),
                        {rows.text(), rows.text(), rows.text(), rows.text(), rows.text()}};
      const std::size_t bytes = shown.record.body.size();
      some.emplace_back(std::move(shown), bytes);
    }
    return some;
  };
  fill(answer, page, kRecordsAtOnce, read);
  return answer;
}

std::vector<RecordKindCount> SqlScans::recordKinds(const AgentKey& agent) const {
  std::vector<RecordKindCount> kinds;
  auto rows = db_.query(
      "SELECT kind, COUNT(*) FROM records WHERE client_id = ? AND agent_id = ? GROUP BY kind ORDER BY kind",
      agent.client_id, agent.agent_id);
  while (rows.next())
    kinds.push_back({rows.text(), rows.integer()});
  return kinds;
}

}  // namespace redflag::store::sql
