#include "store/sql/audit.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time.h"
#include "store/audit_chain.h"
#include "store/sql/select.h"
#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kSaltBytes = 16;
// Records go in whole days: each time leaves a record behind.
constexpr std::int64_t kPruneGrainNs = 86'400 * kSecondNs;

constexpr const char* kAuditColumns =
    "seq, at, client_id, agent_id, subsystem, actor, peer, request_id, kind, text, code, severity, times, "
    "command_id, salt, previous, hash";

AuditRecord auditRecordOf(Rows& rows) {
  AuditRecord out;
  out.seq = rows.integer();
  out.at = rows.integer();
  for (std::string* text : {&out.client_id, &out.agent_id, &out.subsystem, &out.actor, &out.peer,
                            &out.request_id, &out.kind, &out.text, &out.code, &out.severity}) {
    *text = rows.text();
  }
  out.times = rows.integer();
  out.command_id = rows.text();
  out.salt = rows.blob();
  out.previous = rows.blob();
  out.hash = rows.blob();
  return out;
}

Conditions conditionsOf(const AuditFilter& filter, const http::Visible& visible) {
  Conditions where;
  restrictByAgent(where, visible, "audit");
  if (!filter.client_id.empty()) where.add("client_id = ?", filter.client_id);
  if (!filter.agent_id.empty()) where.add("agent_id = ?", filter.agent_id);
  if (!filter.actor.empty()) where.add("actor = ?", filter.actor);
  if (!filter.severity.empty()) where.add("severity = ?", filter.severity);
  // '/' is the character after '.', so that this is the prefix.
  if (!filter.kind.empty())
    where.add("(kind = ? OR (kind >= ? AND kind < ?))", filter.kind, filter.kind + ".", filter.kind + "/");
  if (filter.from > 0) where.add("at >= ?", filter.from);
  if (filter.to < INT64_MAX) where.add("at < ?", filter.to);
  return where;
}

// What is hashed must be what the engine gives back.
void makeStorable(AuditRecord& record) {
  for (std::string* text :
       {&record.client_id, &record.agent_id, &record.subsystem, &record.actor, &record.peer,
        &record.request_id, &record.kind, &record.text, &record.code, &record.severity, &record.command_id}) {
    if (auto other = withoutZeroBytes(*text)) *text = std::move(*other);
    if (!isUtf8(*text)) *text = Json::parse(dumpJson(*text)).get<std::string>();
  }
  record.at -= record.at % kMillisecondNs;
}

}  // namespace

AuditHead SqlAudit::head() const {
  auto rows = db_.query("SELECT seq, hash, kept_after, kept_hash FROM audit_chain");
  if (!rows.next()) return {0, emptyLogHash(), 0, emptyLogHash()};
  return {rows.integer(), rows.blob(), rows.integer(), rows.blob()};
}

Page<AuditRecord> SqlAudit::list(const AuditFilter& filter, const http::Visible& visible,
                                 const PageRequest& page) const {
  Page<AuditRecord> answer;
  {
    const Conditions where = conditionsOf(filter, visible);
    const std::string sql = "SELECT COUNT(*) FROM audit" + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    answer.total = rows.integer();
  }
  Conditions where = conditionsOf(filter, visible);
  if (!page.cursor.empty()) where.add("seq < ?", decodeCursor(page.cursor, "i")[0].get<std::int64_t>());
  const std::string sql =
      "SELECT " + std::string(kAuditColumns) + " FROM audit" + where.sql() + " ORDER BY seq DESC LIMIT ?";
  auto rows = db_.queryValues(sql, where.with(page.limit + 1));
  while (rows.next()) {
    if (answer.items.size() == page.limit) {
      answer.next_cursor = encodeCursor(Json::array({answer.items.back().seq}));
      break;
    }
    answer.items.push_back(auditRecordOf(rows));
  }
  return answer;
}

std::vector<AuditRecord> SqlAudit::after(std::int64_t seq, std::size_t limit) const {
  static const std::string sql =
      "SELECT " + std::string(kAuditColumns) + " FROM audit WHERE seq > ? ORDER BY seq LIMIT ?";
  std::vector<AuditRecord> out;
  auto rows = db_.query(sql, seq, limit);
  while (rows.next())
    out.push_back(auditRecordOf(rows));
  return out;
}

std::vector<RefusalCount> SqlAudit::refusalsSince(std::int64_t since) const {
  std::vector<RefusalCount> out;
  auto rows = db_.query(
      "SELECT CASE WHEN code = '' THEN kind ELSE code END AS what, CAST(SUM(times) AS BIGINT) AS refused, "
      "MAX(at) FROM audit WHERE subsystem IN ('security', 'enrolment') AND severity <> 'info' AND at >= ? "
      "GROUP BY what ORDER BY refused DESC, what",
      since);
  while (rows.next())
    out.push_back({rows.text(), rows.integer(), rows.integer()});
  return out;
}

void SqlAudit::writePending() {
  if (pending_.empty()) return;
  AuditHead head;
  {
    // Locks the row as well: others append after this commit.
    auto rows = db_.query("UPDATE audit_chain SET seq = seq + ? RETURNING seq, hash", pending_.size());
    rows.next();
    head.seq = rows.integer() - static_cast<std::int64_t>(pending_.size());
    head.hash = rows.blob();
  }
  ValueRows rows;
  for (AuditRecord& one : pending_) {
    makeStorable(one);
    one.seq = ++head.seq;
    one.salt = randomBytes(kSaltBytes);
    one.previous = head.hash;
    one.hash = head.hash = linkHash(one.seq, one.previous, contentHash(one));
    rows.add(one.seq, one.at, one.client_id, one.agent_id, one.subsystem, one.actor, one.peer, one.request_id,
             one.kind, one.text, one.code, one.severity, one.times, one.command_id, Blob{one.salt},
             Blob{one.previous}, Blob{one.hash});
  }
  rows.post(
      db_,
      "INSERT INTO audit (seq, at, client_id, agent_id, subsystem, actor, peer, request_id, kind, text, "
      "code, severity, times, command_id, salt, previous, hash) VALUES ");
  db_.post("UPDATE audit_chain SET hash = ?", Blob{head.hash});
  pending_.clear();
}

bool SqlAudit::prune(std::int64_t before, std::int64_t now, int limit) {
  const AuditHead at = head();
  const auto oldest = after(at.kept_after, 1);
  if (oldest.empty() || oldest.front().at >= before - kPruneGrainNs) return false;
  // By number, not by time: a clock that jumped must not tear a hole.
  std::int64_t last = at.seq - 1;
  {
    auto rows = db_.query("SELECT COALESCE(MIN(seq), 0) FROM audit WHERE at >= ?", before);
    rows.next();
    if (const std::int64_t first_kept = rows.integer(); first_kept > 0) last = first_kept - 1;
  }
  last = std::min(last, at.kept_after + limit);
  const auto newest = after(last - 1, 1);
  if (last <= at.kept_after || newest.empty() || newest.front().seq != last) return false;
  db_.execute("DELETE FROM audit WHERE seq <= ?", last);
  db_.execute("UPDATE audit_chain SET kept_after = ?, kept_hash = ?", last, Blob{newest.front().hash});
  AuditRecord told;
  told.at = now;
  told.subsystem = "audit";
  told.actor = "server";
  told.kind = "audit.pruned";
  told.text = "forgot the records up to " + std::to_string(last) + ", as old as they are";
  told.code = toHex(newest.front().hash);
  told.severity = "info";
  append(std::move(told));
  return last == at.kept_after + limit;
}

}  // namespace redflag::store::sql
