#include "spool/spool.h"

#include <atomic>
#include <mutex>
#include <optional>

#include "sqlite/database.h"

namespace redflag::kernel {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS item("
    "  position INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  id TEXT NOT NULL UNIQUE,"
    "  kind TEXT NOT NULL,"
    "  subject TEXT NOT NULL,"
    "  complete INTEGER NOT NULL,"
    "  keep INTEGER NOT NULL,"
    "  bytes INTEGER NOT NULL,"
    "  body TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS item_subject ON item(kind, subject) WHERE keep = 1;"
    "CREATE INDEX IF NOT EXISTS item_thin ON item(position) WHERE keep = 2;";

constexpr std::int64_t kMaxSeriesItems = 576;  // four series of a day in the grain of ten minutes
constexpr std::int64_t kWidestGrain = 1 << 20;

class SqliteSpool : public Spool {
 public:
  SqliteSpool(sqlite::Database database, std::uint64_t max_bytes)
      : database_(std::move(database)), max_bytes_(max_bytes) {}

  Result<> put(const SpoolItem& item) override {
    {
      const std::lock_guard lock(mutex_);
      if (auto done = store(item); !done) return done;
    }
    if (on_put_) on_put_();
    return {};
  }

  Result<std::vector<SpoolItem>> oldest(std::size_t max_items, std::size_t max_bytes) override {
    const std::lock_guard lock(mutex_);
    auto rows = database_.prepare(
        "SELECT id, kind, subject, complete, keep, body FROM item ORDER BY position LIMIT ?");
    if (!rows) return tl::unexpected<Error>(rows.error());
    rows->bind(1, static_cast<std::int64_t>(max_items));
    std::vector<SpoolItem> items;
    std::size_t bytes = 0;
    while (true) {
      const auto row = rows->step();
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) return items;
      SpoolItem item{rows->text(0),
                     rows->text(1),
                     rows->text(2),
                     rows->integer(3) != 0,
                     static_cast<Keep>(rows->integer(4)),
                     rows->text(5)};
      bytes += item.body.size();
      if (!items.empty() && bytes > max_bytes) return items;
      items.push_back(std::move(item));
    }
  }

  Result<> remove(const std::vector<std::string>& ids) override {
    const std::lock_guard lock(mutex_);
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) return tl::unexpected<Error>(transaction.error());
    auto statement = database_.prepare("DELETE FROM item WHERE id=?");
    if (!statement) return tl::unexpected<Error>(statement.error());
    for (const auto& id : ids) {
      if (auto done = statement->bind(1, id).run(); !done) return done;
      statement->reset();
    }
    if (auto done = transaction->commit(); !done) return done;
    // What a day without a server filled must not stay taken for ever. That it is not given back now costs
    // nothing else.
    static_cast<void>(database_.giveBackSpace());
    return measure();
  }

  bool full() const override { return bytes_ >= max_bytes_; }
  std::uint64_t count() const override { return count_; }
  std::uint64_t bytes() const override { return bytes_; }
  void onPut(std::function<void()> callback) override { on_put_ = std::move(callback); }
  void onDisplaced(std::function<std::optional<SpoolItem>(const SpoolItem&)> keep) override {
    on_displaced_ = std::move(keep);
  }

  // Counts what is stored; inside a transaction, what would be.
  Result<> measure() {
    auto row = database_.prepare("SELECT count(*), coalesce(sum(bytes), 0) FROM item");
    if (!row) return tl::unexpected<Error>(row.error());
    if (const auto there = row->step(); !there) return tl::unexpected<Error>(there.error());
    count_ = static_cast<std::uint64_t>(row->integer(0));
    bytes_ = static_cast<std::uint64_t>(row->integer(1));
    return {};
  }

 private:
  Result<> store(const SpoolItem& item) {
    const auto before = std::pair(count_.load(), bytes_.load());
    auto stored = storeInTransaction(item);
    if (!stored) {
      count_ = before.first;
      bytes_ = before.second;
    }
    return stored;
  }

  Result<> storeInTransaction(const SpoolItem& item) {
    auto transaction = sqlite::Transaction::begin(database_);
    if (!transaction) return tl::unexpected<Error>(transaction.error());
    if (auto done = dropDisplaced(item); !done) return done;
    if (auto done = insert(item); !done) return done;
    if (auto done = measure(); !done) return done;
    if (auto done = makeRoom(item); !done) return done;
    return transaction->commit();
  }

  Result<> insert(const SpoolItem& item) {
    auto statement = database_.prepare(
        "INSERT INTO item(id, kind, subject, complete, keep, bytes, body) VALUES(?,?,?,?,?,?,?)");
    if (!statement) return tl::unexpected<Error>(statement.error());
    return statement->bind(1, item.id)
        .bind(2, item.kind)
        .bind(3, item.subject)
        .bind(4, std::int64_t{item.complete ? 1 : 0})
        .bind(5, static_cast<std::int64_t>(item.keep))
        .bind(6, static_cast<std::int64_t>(item.body.size()))
        .bind(7, item.body)
        .run();
  }

  Result<> dropDisplaced(const SpoolItem& item) {
    if (item.keep == Keep::kThin && !item.subject.empty()) return dropThin(item);
    if (item.keep != Keep::kNewestScan) return {};
    if (auto done = keepOfDisplaced(item); !done) return done;
    auto statement =
        database_.prepare("DELETE FROM item WHERE keep=1 AND kind=? AND subject=? AND complete<=?");
    if (!statement) return tl::unexpected<Error>(statement.error());
    return statement->bind(1, item.kind)
        .bind(2, item.subject)
        .bind(3, std::int64_t{item.complete ? 1 : 0})
        .run();
  }

  Result<> dropThin(const SpoolItem& item) {
    auto statement = database_.prepare("DELETE FROM item WHERE keep=2 AND kind=? AND subject=?");
    if (!statement) return tl::unexpected<Error>(statement.error());
    return statement->bind(1, item.kind).bind(2, item.subject).run();
  }

  Result<> keepOfDisplaced(const SpoolItem& item) {
    if (!on_displaced_) return {};
    const auto displaced = displacedBy(item);
    if (!displaced) return tl::unexpected<Error>(displaced.error());
    for (const auto& old : *displaced) {
      const auto kept = on_displaced_(old);
      if (!kept) continue;
      if (auto done = dropThin(*kept); !done) return done;
      if (auto done = insert(*kept); !done) return done;
      if (auto done = thinSeries(kept->kind); !done) return done;
    }
    return {};
  }

  Result<std::vector<SpoolItem>> displacedBy(const SpoolItem& item) {
    auto rows = database_.prepare(
        "SELECT id, complete, body FROM item WHERE keep=1 AND kind=? AND subject=? AND complete<=?");
    if (!rows) return tl::unexpected<Error>(rows.error());
    rows->bind(1, item.kind).bind(2, item.subject).bind(3, std::int64_t{item.complete ? 1 : 0});
    std::vector<SpoolItem> found;
    for (;;) {
      const auto row = rows->step();
      if (!row) return tl::unexpected<Error>(row.error());
      if (!*row) return found;
      found.push_back(
          {rows->text(0), item.kind, item.subject, rows->integer(1) != 0, item.keep, rows->text(2)});
    }
  }

  // Each series, which is what is before the '@' of a subject, gets a coarser grain until few are left: the
  // whole time stays covered. What is behind the '@' counts grains of the finest kind.
  Result<> thinSeries(const std::string& kind) {
    auto left = countThin(kind);
    if (!left) return tl::unexpected<Error>(left.error());
    if (*left <= kMaxSeriesItems) return {};
    for (std::int64_t width = 2; *left > kMaxSeriesItems / 4 * 3 && width <= kWidestGrain; width *= 2) {
      auto thinned = database_.prepare(
          "DELETE FROM item WHERE position IN (SELECT position FROM ("
          " SELECT position, ROW_NUMBER() OVER (PARTITION BY substr(subject, 1, instr(subject, '@')),"
          " CAST(substr(subject, instr(subject, '@') + 1) AS INTEGER) / ? ORDER BY position DESC) AS number"
          " FROM item WHERE keep=2 AND kind=?) WHERE number > 1)");
      if (!thinned) return tl::unexpected<Error>(thinned.error());
      if (auto done = thinned->bind(1, width).bind(2, kind).run(); !done) return done;
      left = countThin(kind);
      if (!left) return tl::unexpected<Error>(left.error());
    }
    return {};
  }

  Result<std::int64_t> countThin(const std::string& kind) {
    auto count = database_.prepare("SELECT count(*) FROM item WHERE keep=2 AND kind=?");
    if (!count) return tl::unexpected<Error>(count.error());
    if (const auto row = count->bind(1, kind).step(); !row) return tl::unexpected<Error>(row.error());
    return count->integer(0);
  }

  // Thins until the spool fits; only an item that may itself go is refused when it still does not.
  Result<> makeRoom(const SpoolItem& item) {
    while (bytes_ > max_bytes_) {
      auto thinned = database_.prepare(
          "DELETE FROM item WHERE position=(SELECT min(position) FROM item WHERE keep=2 AND id<>?)");
      if (!thinned) return tl::unexpected<Error>(thinned.error());
      if (auto done = thinned->bind(1, item.id).run(); !done) return done;
      if (database_.changes() == 0) {
        if (item.keep == Keep::kThin) return fail(Code::kLimit, "the spool is full");
        return {};
      }
      if (auto done = measure(); !done) return done;
    }
    return {};
  }

  std::mutex mutex_;
  sqlite::Database database_;
  const std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::function<void()> on_put_;
  std::function<std::optional<SpoolItem>(const SpoolItem&)> on_displaced_;
};

Result<sqlite::Database> openWithSchema(const std::filesystem::path& file) {
  auto database = sqlite::Database::open(file);
  if (!database) return database;
  if (auto made = database->execute(kSchema); !made) return tl::unexpected<Error>(made.error());
  return database;
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(const std::filesystem::path& file, std::uint64_t max_bytes,
                                           std::filesystem::path* set_aside) {
  auto database = openWithSchema(file);
  if (!database && database.error().code == Code::kCorrupt) {
    auto aside = sqlite::moveAside(file);
    if (!aside) return tl::unexpected<Error>(aside.error());
    if (set_aside != nullptr) *set_aside = *aside;
    database = openWithSchema(file);
  }
  if (!database) return tl::unexpected<Error>(database.error());
  auto spool = std::make_unique<SqliteSpool>(std::move(*database), max_bytes);
  if (auto measured = spool->measure(); !measured) return tl::unexpected<Error>(measured.error());
  return spool;
}

}  // namespace redflag::kernel
