#include "trust/order_journal.h"

#include "base/encoding.h"
#include "base/time.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

// Past most clocks that may have been set back meanwhile.
constexpr std::int64_t kRememberedNs = 30LL * 24 * 3600 * kSecondNs;
// These whatever the clock says: one that was years ahead when the agent started forgets nothing that the
// server may still hand out.
constexpr std::int64_t kNewestKept = 500;

constexpr const char* kSchema = R"(
  CREATE TABLE meta (journal_id TEXT NOT NULL) STRICT;
  CREATE TABLE orders (
    command_id TEXT PRIMARY KEY, identity TEXT NOT NULL, runner INTEGER NOT NULL, body TEXT NOT NULL,
    accepted_item TEXT NOT NULL, expires_at INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0,
    outcome_item TEXT NOT NULL DEFAULT '', reported INTEGER NOT NULL DEFAULT 0,
    verify_due INTEGER NOT NULL DEFAULT 0) STRICT)";
constexpr const char* kColumns =
    "SELECT command_id, identity, runner, body, accepted_item, expires_at, finished, outcome_item, reported, "
    "verify_due "
    "FROM orders WHERE ";

tl::unexpected<Error> lost(const std::filesystem::path& file, Code code, const std::string& why) {
  return fail(code, file.string() + ": " + why +
                        "; what was carried out before cannot be told any more: enrol again with "
                        "`redflag-agent enroll --replace`");
}

Result<OrderRecord> readRow(const sqlite::Statement& row) {
  OrderRecord out;
  out.command_id = row.text(0);
  auto identity = fromHex(row.text(1));
  auto body = fromBase64(row.text(3));
  if (!identity || !body)
    return fail(Code::kCorrupt, "the record of order " + out.command_id + " is damaged");
  out.identity = std::move(*identity);
  out.runner = row.integer(2) == 0 ? OrderRecord::Runner::kKernel : OrderRecord::Runner::kExecutor;
  out.body = std::move(*body);
  out.accepted_item = row.text(4);
  out.expires_at = row.integer(5);
  out.finished = row.integer(6) != 0;
  out.outcome_item = row.text(7);
  out.reported = row.integer(8) != 0;
  out.verify_due = row.integer(9) != 0;
  return out;
}

}  // namespace

Result<std::string> OrderJournal::create(const std::filesystem::path& file) {
  for (const char* companion : {"", "-wal", "-shm"}) {
    if (auto ok = platform::removeFile(file.string() + companion); !ok)
      return tl::unexpected<Error>(ok.error());
  }
  auto database = sqlite::Database::open(file);
  if (!database) return tl::unexpected<Error>(database.error());
  auto transaction = sqlite::Transaction::begin(*database);
  if (!transaction) return tl::unexpected<Error>(transaction.error());
  if (auto ok = database->execute(kSchema); !ok) return tl::unexpected<Error>(ok.error());
  const std::string id = newId();
  auto insert = database->prepare("INSERT INTO meta (journal_id) VALUES (?)");
  if (!insert) return tl::unexpected<Error>(insert.error());
  if (auto ok = insert->bind(1, id).run(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = transaction->commit(); !ok) return tl::unexpected<Error>(ok.error());
  return id;
}

Result<std::unique_ptr<OrderJournal>> OrderJournal::open(const std::filesystem::path& file,
                                                         const std::string& journal_id) {
  if (platform::fileStamp(file).inode == 0)
    return lost(file, Code::kNotFound, "the record of orders is gone");
  auto database = sqlite::Database::open(file);
  if (!database) return lost(file, Code::kCorrupt, database.error().text);
  auto query = database->prepare("SELECT journal_id FROM meta");
  if (!query) return lost(file, Code::kCorrupt, query.error().text);
  const auto row = query->step();
  if (!row || !*row || query->text(0) != journal_id) {
    return lost(file, Code::kCorrupt, "this record of orders is not the one of this enrolment");
  }
  query->reset();
  return std::unique_ptr<OrderJournal>(new OrderJournal(std::move(*database)));
}

Result<std::vector<OrderRecord>> OrderJournal::select(const std::string& condition) {
  const std::lock_guard lock(mutex_);
  auto query = database_.prepare(kColumns + condition + " ORDER BY rowid");
  if (!query) return tl::unexpected<Error>(query.error());
  std::vector<OrderRecord> out;
  for (;;) {
    const auto row = query->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return out;
    auto record = readRow(*query);
    if (!record) return tl::unexpected<Error>(record.error());
    out.push_back(std::move(*record));
  }
}

Result<std::optional<OrderRecord>> OrderJournal::find(const std::string& command_id) {
  const std::lock_guard lock(mutex_);
  auto query = database_.prepare(std::string(kColumns) + "command_id = ?");
  if (!query) return tl::unexpected<Error>(query.error());
  const auto row = query->bind(1, command_id).step();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return std::optional<OrderRecord>();
  auto record = readRow(*query);
  if (!record) return tl::unexpected<Error>(record.error());
  return std::optional<OrderRecord>(std::move(*record));
}

Result<> OrderJournal::accept(const OrderRecord& record) {
  const std::lock_guard lock(mutex_);
  auto insert = database_.prepare(
      "INSERT INTO orders (command_id, identity, runner, body, accepted_item, expires_at) VALUES (?, ?, ?, "
      "?, ?, ?) "
      "ON CONFLICT DO NOTHING");
  if (!insert) return tl::unexpected<Error>(insert.error());
  const std::string identity = toHex(record.identity);
  const std::string body = toBase64(record.body);
  insert->bind(1, record.command_id).bind(2, identity);
  insert->bind(3, record.runner == OrderRecord::Runner::kKernel ? std::int64_t{0} : std::int64_t{1});
  insert->bind(4, body).bind(5, record.accepted_item).bind(6, record.expires_at);
  if (auto ok = insert->run(); !ok) return ok;
  if (database_.changes() != 1)
    return fail(Code::kConflict, "order " + record.command_id + " is already recorded");
  return {};
}

// `sql` has the command id as ?1 and the value as ?2; it must hit one row.
Result<> OrderJournal::change(const char* sql, const std::string& command_id, const std::string& value) {
  const std::lock_guard lock(mutex_);
  auto update = database_.prepare(sql);
  if (!update) return tl::unexpected<Error>(update.error());
  if (auto ok = update->bind(1, command_id).bind(2, value).run(); !ok) return ok;
  if (database_.changes() != 1) return fail(Code::kConflict, "order " + command_id + " is not in this state");
  return {};
}

Result<> OrderJournal::finish(const std::string& command_id, const std::string& outcome_item) {
  return change("UPDATE orders SET finished = 1, outcome_item = ?2 WHERE command_id = ?1 AND finished = 0",
                command_id, outcome_item);
}

Result<> OrderJournal::setReported(const std::string& command_id) {
  return change("UPDATE orders SET reported = ?2 WHERE command_id = ?1 AND finished = 1", command_id, "1");
}

Result<> OrderJournal::setVerifyDue(const std::string& command_id, bool due) {
  return change("UPDATE orders SET verify_due = ?2 WHERE command_id = ?1", command_id, due ? "1" : "0");
}

Result<std::vector<OrderRecord>> OrderJournal::unfinished() {
  return select("finished = 0 AND runner = 0");
}
Result<std::vector<OrderRecord>> OrderJournal::unreported() {
  return select("finished = 1 AND reported = 0");
}
Result<std::vector<OrderRecord>> OrderJournal::verifyDue() {
  return select("verify_due = 1");
}

Result<> OrderJournal::prune(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  auto statement = database_.prepare(
      "DELETE FROM orders WHERE expires_at < ? AND verify_due = 0 AND (reported = 1 OR runner = 1)"
      " AND rowid <= (SELECT max(rowid) FROM orders) - ?");
  if (!statement) return tl::unexpected<Error>(statement.error());
  return statement->bind(1, now_ns - kRememberedNs).bind(2, kNewestKept).run();
}

}  // namespace redflag::kernel
