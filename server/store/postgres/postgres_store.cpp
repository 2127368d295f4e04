#include "store/postgres/postgres_store.h"

#include <optional>
#include <random>
#include <thread>

#include "base/encoding.h"
#include "base/log.h"
#include "http/message.h"
#include "store/events.h"
#include "store/sql/migrations.h"
#include "store/sql/scope.h"
#include "store/sql/transaction.h"

namespace redflag::store::postgres {
namespace {

constexpr int kTriesBesideOthers = 4;
constexpr int kTries = 6;

const std::string& checked(const std::string& url) {
  checkUrl(url);
  return url;
}

// A moment, so that the two that met do not meet again.
void pause(int attempt) {
  thread_local std::mt19937 random(std::random_device{}());
  std::this_thread::sleep_for(std::chrono::milliseconds(random() % (8U << attempt)));
}

// What only looks is not run again: whoever asked may ask again.
[[noreturn]] void throwBrokenOff() {
  throw http::Problem{503, "store.busy", "the database broke off a read; try again", "", 1};
}

void log(const http::Problem& problem) {
  if (problem.status >= 500) spdlog::error("store: {}: {}", problem.code, problem.detail);
}

void refuseUnfinished(sql::Connection& connection) {
  const sql::Scope scope(connection, sql::Access::kRead);
  if (!connection.query("SELECT 1 WHERE to_regclass('unfinished_move') IS NOT NULL").next()) return;
  throw http::Problem{500, "store.unfinished_move",
                      "a move from SQLite into this database is not finished: run `redflag-server migrate "
                      "--to-postgres` again, or take another database",
                      "", 0};
}

}  // namespace

void checkDatabase(sql::Connection& connection) {
  sql::Scope scope(connection, sql::Access::kRead);
  auto rows = connection.query(
      "SELECT current_setting('server_encoding'), CAST(current_setting('server_version_num') AS BIGINT)");
  rows.next();
  const std::string encoding = rows.text();
  if (encoding != "UTF8") {
    throw http::Problem{500, "store.bad_database",
                        "the database's encoding is " + encoding + "; it must be UTF8", "", 0};
  }
  if (const auto version = rows.integer(); version < 130'000) {
    throw http::Problem{
        500, "store.bad_database",
        "PostgreSQL " + std::to_string(version / 10'000) + " is too old; it must be 13 or newer", "", 0};
  }
}

struct PostgresStore::Written {
  bool published = false;
  std::vector<std::function<void()>> actions;
};

PostgresStore::PostgresStore(const std::string& url, const Clock& clock, const PoolOptions& pool)
    : url_(checked(url)), self_(newId()), pool_(url, pool.connections, pool.patience) {
  try {
    Pool::Loan connection(pool_);
    checkDatabase(*connection);
    refuseUnfinished(*connection);
    sql::migrate(*connection, sql::migrations((*connection).dialect().engine), clock.epochNs());
  } catch (const RunAgain&) {
    throw http::Problem{
        503, "store.busy",
        "the schema could not be brought up to date beside the servers that are at work: start again, "
        "without them if need be",
        "", 1};
  }
}

void PostgresStore::onOutbox(std::function<void()> listener) {
  watch_.reset();
  outbox_listener_ = std::move(listener);
  if (!outbox_listener_) return;
  const std::int64_t newest = read([](const ReadTransaction& tx) { return tx.events().newest(); });
  ++published_;  // others may have written since anybody looked: nobody has listened so far
  watch_ = std::make_unique<OutboxWatch>(url_, self_, newest, [this] {
    ++published_;
    outbox_listener_();
    if (others_listener_) others_listener_();
  });
}

// One look for all who ask since the last commit: each keeps those who publish waiting for a moment.
std::int64_t PostgresStore::settledEvents() const {
  const std::lock_guard lock(settling_);
  const std::uint64_t published = published_;
  if (watch_ != nullptr && settled_at_ == published) return settled_;
  try {
    Pool::Loan connection(pool_);
    const sql::Scope scope(*connection, sql::Access::kSettled);
    const sql::Transaction transaction(*connection);
    settled_ = static_cast<const ReadTransaction&>(transaction).events().newest();
  } catch (const RunAgain&) {
    throwBrokenOff();
  }
  settled_at_ = published;
  return settled_;
}

void PostgresStore::runRead(const std::function<void(const ReadTransaction&)>& work) const {
  try {
    Pool::Loan connection(pool_);
    const sql::Scope snapshot(*connection, sql::Access::kRead);
    const sql::Transaction transaction(*connection);
    work(transaction);
  } catch (const RunAgain&) {
    throwBrokenOff();
  }
}

PostgresStore::Written PostgresStore::writeOnce(const std::string& whose,
                                                const std::function<void(WriteTransaction&)>& work) {
  Pool::Loan connection(pool_);
  (*connection).writeOf(whose);
  sql::Scope scope(*connection, sql::Access::kWrite);
  sql::Transaction transaction(*connection);
  work(transaction);
  Written written;
  written.published = transaction.finish();
  scope.commit();
  written.actions = transaction.takeAfterCommit();
  return written;
}

void PostgresStore::runWrite(const std::string& whose, const std::function<void(WriteTransaction&)>& work) {
  std::optional<Written> written;
  bool alone = whose.empty();
  for (int attempt = 1; !written; ++attempt) {
    try {
      std::unique_lock<std::mutex> turn;
      if (!alone) turn = std::unique_lock(turns_.of(whose));
      written = writeOnce(alone ? "" : whose, work);
    } catch (const RunAgain& again) {
      const bool at_once = again.alone && !alone;
      alone = alone || again.alone || attempt >= kTriesBesideOthers;
      if (attempt == kTries) {
        throw http::Problem{503, "store.busy", "too many writers met each other; try again", "", 1};
      }
      if (!at_once) pause(attempt);
    } catch (const http::Problem& problem) {
      log(problem);
      throw;
    }
  }
  if (written->published) {
    ++published_;
    tellOthers();
  }
  for (const auto& action : written->actions)
    action();
  if (written->published && outbox_listener_) outbox_listener_();
}

// Not with the commit, for those that notify wait for each other's disk. Whoever misses it looks by himself.
void PostgresStore::tellOthers() {
  if (watch_ != nullptr) return watch_->tell();
  try {
    Pool::Loan connection(pool_);
    (*connection).execute("SELECT pg_notify(?, ?)", OutboxWatch::kChannel, self_);
  } catch (const http::Problem& problem) {
    spdlog::debug("store: the other servers are not told: {}", problem.detail);
  } catch (const RunAgain&) {
    spdlog::debug("store: the other servers are not told: the session lost what it kept by name");
  }
}

}  // namespace redflag::store::postgres
