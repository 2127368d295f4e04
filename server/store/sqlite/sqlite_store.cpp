#include "store/sqlite/sqlite_store.h"

#include <chrono>

#include "http/message.h"
#include "store/sql/migrations.h"
#include "store/sql/scope.h"
#include "store/sql/transaction.h"

namespace redflag::store::sqlite {
namespace {

constexpr std::size_t kMaxReaders = 4;
constexpr std::chrono::seconds kReaderWait{5};

// For whoever starts a server on it. (What callers of one that runs are told names no file.)
http::Problem damaged(const std::filesystem::path& file, const std::string& how) {
  return {500, "store.corrupt",
          file.string() + " is damaged (" + how + "): restore a backup, or keep a copy and start anew", "",
          0};
}

}  // namespace

// A reader out of the pool, given back when it goes.
class SqliteStore::Reader {
 public:
  explicit Reader(const SqliteStore& store) : store_(store), connection_(store.takeReader()) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { store_.giveBackReader(std::move(connection_)); }
  Connection& operator*() { return *connection_; }

 private:
  const SqliteStore& store_;
  std::unique_ptr<Connection> connection_;
};

SqliteStore::SqliteStore(const std::filesystem::path& file, const Clock& clock, int busy_timeout_ms) try
    : file_(file),
      busy_timeout_ms_(busy_timeout_ms),
      connection_(file, Connection::Role::kWriter, busy_timeout_ms),
      writer_(connection_) {
  checkIntegrity();
  sql::migrate(connection_, sql::migrations(connection_.dialect().engine), clock.epochNs());
} catch (const http::Problem& problem) {
  if (problem.code != "store.corrupt" || problem.detail.starts_with(file.string())) throw;
  throw damaged(file, problem.detail);
}

SqliteStore::~SqliteStore() = default;

void SqliteStore::checkIntegrity() {
  auto rows = connection_.query("PRAGMA quick_check(1)");
  rows.next();
  const std::string verdict = rows.text();
  if (verdict != "ok") throw damaged(file_, verdict);
}

std::unique_ptr<Connection> SqliteStore::takeReader() const {
  std::unique_lock lock(readers_mutex_);
  const bool got = reader_free_.wait_for(lock, kReaderWait,
                                         [this] { return !idle_readers_.empty() || readers_ < kMaxReaders; });
  if (!got) throw http::Problem{503, "store.busy", "every reader is at work", "", 2};
  if (!idle_readers_.empty()) {
    auto reader = std::move(idle_readers_.back());
    idle_readers_.pop_back();
    return reader;
  }
  auto reader = std::make_unique<Connection>(file_, Connection::Role::kReader, busy_timeout_ms_);
  ++readers_;
  return reader;
}

void SqliteStore::giveBackReader(std::unique_ptr<Connection> reader) const {
  {
    const std::lock_guard lock(readers_mutex_);
    idle_readers_.push_back(std::move(reader));
  }
  reader_free_.notify_one();
}

void SqliteStore::runRead(const std::function<void(const ReadTransaction&)>& work) const {
  Reader reader(*this);
  const sql::Scope snapshot(*reader, sql::Access::kRead);
  const sql::Transaction transaction(*reader);
  work(transaction);
}

std::int64_t SqliteStore::settledEvents() const {
  return read([](const ReadTransaction& tx) { return tx.events().newest(); });
}

// Every writer has its turn alone.
void SqliteStore::runWrite(const std::string& /*whose*/, const std::function<void(WriteTransaction&)>& work) {
  const auto written = writer_.write(work);
  for (const auto& action : written.actions)
    action();
  if (written.published && outbox_listener_) outbox_listener_();
}

}  // namespace redflag::store::sqlite
