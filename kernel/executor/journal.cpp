#include "executor/journal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "sqlite/database.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kSchemaVersion = 1;
constexpr const char* kSchema =
    "CREATE TABLE journal(id TEXT NOT NULL, epoch_floor INTEGER NOT NULL);"
    "CREATE TABLE orders("
    " number INTEGER PRIMARY KEY, command_id TEXT NOT NULL UNIQUE, identity TEXT NOT NULL, plugin TEXT NOT "
    "NULL,"
    " action TEXT NOT NULL, parameters TEXT NOT NULL, plan_hash TEXT NOT NULL, restore_epoch INTEGER NOT "
    "NULL,"
    " not_before INTEGER NOT NULL, expires_at INTEGER NOT NULL, phase TEXT NOT NULL, event_id TEXT NOT NULL,"
    " entered_at INTEGER NOT NULL, accepted_at INTEGER NOT NULL, accepted_monotonic INTEGER NOT NULL,"
    " accepted_boot TEXT NOT NULL, host_pid INTEGER NOT NULL DEFAULT 0, host_start TEXT NOT NULL DEFAULT '',"
    " begun_monotonic INTEGER NOT NULL DEFAULT 0, needs_reboot INTEGER NOT NULL DEFAULT 0,"
    " state TEXT NOT NULL DEFAULT '', code TEXT NOT NULL DEFAULT '', text TEXT NOT NULL DEFAULT '',"
    " results TEXT NOT NULL DEFAULT '[]', acknowledged INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX orders_open ON orders(acknowledged, number);";
constexpr const char* kSelect =
    "SELECT command_id, identity, plugin, action, parameters, plan_hash, restore_epoch, not_before, "
    "expires_at, phase,"
    " event_id, entered_at, accepted_at, accepted_monotonic, accepted_boot, host_pid, host_start, "
    "begun_monotonic,"
    " needs_reboot, state, code, text, results FROM orders ";
// Orders are recognised for at least this many later ones. Counted, not timed: a clock that jumps forgets
// nothing.
constexpr const char* kPrune =
    "DELETE FROM orders WHERE acknowledged = 1 AND number <= (SELECT max(number) FROM orders) - 20000";

constexpr std::array<const char*, 6> kPhases = {"waiting",   "planning",  "installing",
                                                "repairing", "rebooting", "done"};

const char* phaseName(Phase phase) {
  return kPhases.at(static_cast<std::size_t>(phase));
}

Result<Phase> phaseFrom(const std::string& name) {
  const auto it = std::find(kPhases.begin(), kPhases.end(), name);
  if (it == kPhases.end()) return fail(Code::kCorrupt, "journal: the phase \"" + name + "\" is not known");
  return static_cast<Phase>(it - kPhases.begin());
}

Result<JournalEntry> entryFrom(const sqlite::Statement& row) {
  const auto identity = fromHex(row.text(1));
  const auto plan_hash = fromHex(row.text(5));
  const auto phase = phaseFrom(row.text(9));
  auto results = parseJson(row.text(22), {.bytes = 64U << 20, .depth = 20, .values = 4'000'000});
  if (!identity || !plan_hash || !phase || !results) return fail(Code::kCorrupt, "journal: a row is damaged");
  JournalEntry out;
  out.order = {row.text(0), *identity,      row.text(2),    row.text(3),   row.text(4),
               *plan_hash,  row.integer(6), row.integer(7), row.integer(8)};
  out.phase = *phase;
  out.event_id = row.text(10);
  out.entered_at = row.integer(11);
  out.accepted_at = row.integer(12);
  out.accepted_monotonic = row.integer(13);
  out.accepted_boot = row.text(14);
  out.host = {row.integer(15), row.text(16)};
  out.begun_monotonic = row.integer(17);
  out.needs_reboot = row.integer(18) != 0;
  out.outcome = {row.text(19), row.text(20), row.text(21), std::move(*results)};
  return out;
}

Result<std::optional<JournalEntry>> firstOf(sqlite::Statement& statement) {
  const auto row = statement.step();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return std::nullopt;
  auto entry = entryFrom(statement);
  if (!entry) return tl::unexpected<Error>(entry.error());
  return std::move(*entry);
}

std::string heldCondition(std::int64_t held_after) {
  return fmt::format("phase = 'waiting' AND action IN ('install', 'rollback') AND expires_at > {}",
                     held_after);
}

void enter(JournalEntry& entry, Phase phase, std::int64_t now_ns) {
  entry.phase = phase;
  entry.event_id = newId();
  entry.entered_at = now_ns;
}

}  // namespace

Journal::Journal(std::unique_ptr<sqlite::Database> database) : database_(std::move(database)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(const std::filesystem::path& file, bool create) {
  std::error_code error;
  if (!create && !std::filesystem::exists(file, error)) {
    return fail(Code::kNotFound, file.string() + " does not exist");
  }
  auto database = sqlite::Database::open(file);
  if (!database) return tl::unexpected<Error>(database.error());
  std::unique_ptr<Journal> journal(new Journal(std::make_unique<sqlite::Database>(std::move(*database))));
  if (auto ok = journal->prepareSchema(create); !ok) return tl::unexpected<Error>(ok.error());
  return journal;
}

Result<> Journal::prepareSchema(bool create) {
  const auto version = database_->number("PRAGMA user_version");
  if (!version) return tl::unexpected<Error>(version.error());
  if (*version > kSchemaVersion)
    return fail(Code::kUnsupported, "journal: written by a newer version of this program");
  if (*version == 0) {
    if (!create) return fail(Code::kNotFound, "journal: it is empty");
    auto transaction = sqlite::Transaction::begin(*database_);
    if (!transaction) return tl::unexpected<Error>(transaction.error());
    if (auto ok = database_->execute(kSchema); !ok) return ok;
    if (auto ok =
            database_->execute("INSERT INTO journal VALUES('" + newId() + "', 0); PRAGMA user_version = 1");
        !ok) {
      return ok;
    }
    if (auto ok = transaction->commit(); !ok) return ok;
  }
  auto statement = database_->prepare("SELECT id FROM journal");
  if (!statement) return tl::unexpected<Error>(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected<Error>(row.error());
  id_ = *row ? statement->text(0) : "";
  if (!isId(id_)) return fail(Code::kCorrupt, "journal: it has no id");
  return {};
}

Result<std::optional<JournalEntry>> Journal::find(const std::string& command_id) {
  const std::lock_guard lock(mutex_);
  return findLocked(command_id);
}

Result<std::optional<JournalEntry>> Journal::findLocked(const std::string& command_id) {
  auto statement = database_->prepare(std::string(kSelect) + "WHERE command_id = ?");
  if (!statement) return tl::unexpected<Error>(statement.error());
  return firstOf(statement->bind(1, command_id));
}

Result<std::int64_t> Journal::epochFloor() {
  const std::lock_guard lock(mutex_);
  return database_->number("SELECT epoch_floor FROM journal");
}

Result<JournalEntry> Journal::accept(const Order& order, std::int64_t now_ns, std::int64_t monotonic_ns,
                                     const std::string& boot_id) {
  const std::lock_guard lock(mutex_);
  JournalEntry entry;
  entry.order = order;
  enter(entry, Phase::kWaiting, now_ns);
  entry.accepted_at = now_ns;
  entry.accepted_monotonic = monotonic_ns;
  entry.accepted_boot = boot_id;
  auto transaction = sqlite::Transaction::begin(*database_);
  if (!transaction) return tl::unexpected<Error>(transaction.error());
  auto insert = database_->prepare(
      "INSERT INTO orders(command_id, identity, plugin, action, parameters, plan_hash, restore_epoch, "
      "not_before,"
      " expires_at, phase, event_id, entered_at, accepted_at, accepted_monotonic, accepted_boot)"
      " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!insert) return tl::unexpected<Error>(insert.error());
  insert->bind(1, order.command_id)
      .bind(2, toHex(order.identity))
      .bind(3, order.plugin)
      .bind(4, order.action);
  insert->bind(5, order.parameters).bind(6, toHex(order.plan_hash)).bind(7, order.restore_epoch);
  insert->bind(8, order.not_before).bind(9, order.expires_at).bind(10, phaseName(entry.phase));
  insert->bind(11, entry.event_id).bind(12, now_ns).bind(13, now_ns).bind(14, monotonic_ns).bind(15, boot_id);
  if (auto ok = insert->run(); !ok) return tl::unexpected<Error>(ok.error());
  auto floor = database_->prepare("UPDATE journal SET epoch_floor = max(epoch_floor, ?)");
  if (!floor) return tl::unexpected<Error>(floor.error());
  if (auto ok = floor->bind(1, order.restore_epoch).run(); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = database_->execute(kPrune); !ok) return tl::unexpected<Error>(ok.error());
  if (auto ok = transaction->commit(); !ok) return tl::unexpected<Error>(ok.error());
  return entry;
}

// kConflict when the row is not in that phase (any more); nullptr: whatever it is.
Result<> Journal::store(const JournalEntry& entry, const char* expected_phase) {
  auto update = database_->prepare(
      "UPDATE orders SET phase = ?, event_id = ?, entered_at = ?, host_pid = ?, host_start = ?, "
      "begun_monotonic = ?,"
      " needs_reboot = ?, state = ?, code = ?, text = ?, results = ?"
      " WHERE command_id = ? AND phase <> 'done' AND (? = '' OR phase = ?)");
  if (!update) return tl::unexpected<Error>(update.error());
  const std::string expected = expected_phase == nullptr ? "" : expected_phase;
  update->bind(1, phaseName(entry.phase)).bind(2, entry.event_id).bind(3, entry.entered_at);
  update->bind(4, entry.host.pid).bind(5, entry.host.start).bind(6, entry.begun_monotonic);
  update->bind(7, std::int64_t{entry.needs_reboot ? 1 : 0})
      .bind(8, entry.outcome.state)
      .bind(9, entry.outcome.code);
  update->bind(10, entry.outcome.text)
      .bind(11, dumpJson(entry.outcome.results))
      .bind(12, entry.order.command_id);
  update->bind(13, expected).bind(14, expected);
  if (auto ok = update->run(); !ok) return ok;
  if (database_->changes() == 1) return {};
  return fail(Code::kConflict, "journal: " + entry.order.command_id + " is in another phase");
}

Result<bool> Journal::begin(JournalEntry& entry, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  JournalEntry begun = entry;
  enter(begun, Phase::kPlanning, now_ns);
  const auto stored = store(begun, phaseName(Phase::kWaiting));
  if (!stored && stored.error().code == Code::kConflict) return false;
  if (!stored) return tl::unexpected<Error>(stored.error());
  entry = std::move(begun);
  return true;
}

Result<> Journal::update(const JournalEntry& entry) {
  const std::lock_guard lock(mutex_);
  return store(entry, nullptr);
}

Result<> Journal::finish(JournalEntry& entry, Outcome outcome, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  JournalEntry done = entry;
  done.outcome = std::move(outcome);
  enter(done, Phase::kDone, now_ns);
  if (auto ok = store(done, nullptr); !ok) return ok;
  entry = std::move(done);
  return {};
}

Result<std::optional<JournalEntry>> Journal::cancel(const std::string& command_id, std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  auto found = findLocked(command_id);
  if (!found || !*found) return found;
  JournalEntry& entry = **found;
  entry.outcome = {"cancelled", "cancelled", "cancelled before it began", Json::array()};
  enter(entry, Phase::kDone, now_ns);
  const auto stored = store(entry, phaseName(Phase::kWaiting));
  if (!stored && stored.error().code == Code::kConflict) return std::nullopt;
  if (!stored) return tl::unexpected<Error>(stored.error());
  return found;
}

Result<bool> Journal::acknowledge(const std::string& command_id) {
  const std::lock_guard lock(mutex_);
  auto update = database_->prepare(
      "UPDATE orders SET acknowledged = 1 WHERE command_id = ? AND phase = 'done' AND acknowledged = 0");
  if (!update) return tl::unexpected<Error>(update.error());
  if (auto ok = update->bind(1, command_id).run(); !ok) return tl::unexpected<Error>(ok.error());
  return database_->changes() == 1;
}

Result<std::optional<JournalEntry>> Journal::next(std::int64_t held_after) {
  const std::lock_guard lock(mutex_);
  auto statement = database_->prepare(fmt::format(
      "{}WHERE phase NOT IN ('done', 'rebooting') AND NOT ({}) ORDER BY phase = 'waiting', number "
      "LIMIT 1",
      kSelect, heldCondition(held_after)));
  if (!statement) return tl::unexpected<Error>(statement.error());
  return firstOf(*statement);
}

Result<std::vector<JournalEntry>> Journal::held(std::int64_t held_after) {
  return all(fmt::format("WHERE {} ORDER BY number", heldCondition(held_after)));
}

Result<std::vector<JournalEntry>> Journal::unacknowledged() {
  return all("WHERE acknowledged = 0 ORDER BY number");
}

Result<std::vector<JournalEntry>> Journal::rebooting() {
  return all("WHERE phase = 'rebooting' ORDER BY number");
}

Result<std::vector<JournalEntry>> Journal::all(const std::string& condition) {
  const std::lock_guard lock(mutex_);
  auto statement = database_->prepare(std::string(kSelect) + condition);
  if (!statement) return tl::unexpected<Error>(statement.error());
  std::vector<JournalEntry> out;
  for (;;) {
    const auto row = statement->step();
    if (!row) return tl::unexpected<Error>(row.error());
    if (!*row) return out;
    auto entry = entryFrom(*statement);
    if (!entry) return tl::unexpected<Error>(entry.error());
    out.push_back(std::move(*entry));
  }
}

Result<std::int64_t> Journal::waiting() {
  const std::lock_guard lock(mutex_);
  return database_->number("SELECT count(*) FROM orders WHERE phase = 'waiting'");
}

}  // namespace redflag::kernel
