#include "store/postgres/connection.h"

#include <poll.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <utility>

#include "base/log.h"
#include "http/message.h"
#include "store/postgres/statements.h"
#include "store/sql/script.h"

namespace redflag::store::postgres {
namespace {

constexpr std::size_t kMaxUnanswered = 500;
constexpr std::size_t kShownSql = 120;

// Of pg_type; libpq's headers do not name them.
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kText = 25;
constexpr Oid kFloat8 = 701;

// Parameters as libpq takes them. Numbers go as text: then the column's own width decides.
class Parameters {
 public:
  Parameters(const sql::Value* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      add(values[i]);
  }
  int count() const { return static_cast<int>(types_.size()); }
  const Oid* types() const { return types_.data(); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(const sql::Value& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      push(kInt8, number(*integer), 0, 0);
    } else if (const auto* real = std::get_if<double>(&value)) {
      push(kFloat8, number(*real), 0, 0);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      std::string_view storable = *text;
      if (auto other = sql::withoutZeroBytes(*text)) storable = texts_.emplace_back(std::move(*other));
      push(kText, storable.data() ? storable.data() : "", storable.size(), 1);
    } else if (const auto* blob = std::get_if<sql::Blob>(&value)) {
      push(kBytea, blob->bytes.data() ? blob->bytes.data() : "", blob->bytes.size(), 1);
    } else {
      push(0, nullptr, 0, 0);
    }
  }
  template <class Number>
  const char* number(Number value) {
    auto& digits = numbers_.emplace_back();
    *std::to_chars(digits.data(), digits.data() + digits.size() - 1, value).ptr = '\0';
    return digits.data();
  }
  void push(Oid type, const char* value, std::size_t length, int format) {
    types_.push_back(type);
    values_.push_back(value);
    lengths_.push_back(static_cast<int>(length));
    formats_.push_back(format);
  }

  std::vector<Oid> types_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::deque<std::array<char, 32>> numbers_;
  std::deque<std::string> texts_;
};

constexpr const char* kTimeoutsOfSession =
    "SET statement_timeout = '30s'; SET lock_timeout = '15s'; SET idle_in_transaction_session_timeout = "
    "'60s'";
constexpr const char* kTimeouts =
    "SELECT set_config('statement_timeout', '30s', true), set_config('lock_timeout', '15s', true), "
    "set_config('idle_in_transaction_session_timeout', '60s', true)";
// A migration takes what it takes.
constexpr const char* kNoTimeouts =
    "SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true), "
    "set_config('idle_in_transaction_session_timeout', '0', true)";

class FetchedRows : public sql::Cursor {
 public:
  explicit FetchedRows(Result result) : result_(std::move(result)) {}

  bool next() override { return ++row_ < PQntuples(result_.get()); }
  bool null(int column) const override { return PQgetisnull(result_.get(), row_, column) == 1; }
  std::int64_t integer(int column) const override {
    const std::string_view digits = view(column);
    if (digits == "t") return 1;
    std::int64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  double real(int column) const override {
    const std::string_view digits = view(column);
    double value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  std::string text(int column) const override { return std::string(view(column)); }
  std::string blob(int column) const override {
    std::size_t size = 0;
    const std::unique_ptr<unsigned char, decltype(&PQfreemem)> bytes(
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(PQgetvalue(result_.get(), row_, column)),
                        &size),
        PQfreemem);
    if (bytes == nullptr) throw std::bad_alloc();
    return {reinterpret_cast<const char*>(bytes.get()), size};
  }

 private:
  std::string_view view(int column) const {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
  }

  Result result_;
  int row_ = -1;
};

template <class Step>
bool quietly(const Step& step) {
  try {
    step();
    return true;
  } catch (const http::Problem& problem) {
    spdlog::debug("store: rollback: {}", problem.detail);
  } catch (const RunAgain&) {
    spdlog::debug("store: rollback: it would have met another transaction");
  }
  return false;
}

// A pooler invents what cancels its clients' statements, and with it the process that the connection belongs
// to.
bool isOwnSession(PGconn* connection) {
  const Result process = ask(connection, "SELECT pg_backend_pid()");
  return std::to_string(PQbackendPID(connection)) == PQgetvalue(process.get(), 0, 0);
}

// What the session was said to keep is not there, or not as it was: a pooler that was not recognised, or a
// newer server's migration.
bool namesAreStale(std::string_view sqlstate) {
  return sqlstate == "26000" || sqlstate == "42P05" || sqlstate == "0A000";
}

}  // namespace

Connection::Connection(const std::string& url)
    : handle_(connect(url)), own_session_(isOwnSession(handle_.get())) {
  if (own_session_) ask(handle_.get(), kTimeoutsOfSession);
  PQenterPipelineMode(handle_.get());
}

const sql::Dialect& Connection::dialect() const {
  static constexpr sql::Dialect kDialect = {
      "postgres",
      "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT PRIMARY KEY, name TEXT COLLATE \"C\" NOT "
      "NULL, checksum TEXT COLLATE \"C\" NOT NULL, applied_at BIGINT NOT NULL)",
      "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
      "SELECT pg_advisory_xact_lock_shared(hashtext('redflag'), hashtext('outbox'))",
      "string_agg",
      "SELECT set_config('random_page_cost', '1.1', true)"};
  return kDialect;
}

bool Connection::mayStay() const {
  return !lost_ && !in_transaction_ && (leaving_ || sent_.empty()) &&
         PQstatus(handle_.get()) == CONNECTION_OK;
}

bool Connection::usable() {
  if (!mayStay() || !quietly([this] { arrive(); })) return false;
  // Nothing is owed to an idle connection: what comes by itself is a farewell.
  pollfd at{PQsocket(handle_.get()), POLLIN, 0};
  return ::poll(&at, 1, 0) == 0;
}

void Connection::lose() {
  lost_ = true;
  leaving_ = false;
  last_.clear();
  sent_.clear();
  if (committing_) throwOutcomeUnknown();
  throwLost(PQerrorMessage(handle_.get()));
}

void Connection::send(std::string_view sql, const sql::Value* values, std::size_t count) {
  if (broken_) throw RunAgain(*broken_);
  arrive();
  const Parameters in(values, count);
  int sent = 0;
  NamedStatements::Statement unnamed;
  auto& statement = own_session_ ? named_.of(sql, in.types(), in.count()) : unnamed;
  if (!statement.name.empty()) {
    if (!statement.prepared) prepare(statement, sql, in.types(), in.count());
    sent = PQsendQueryPrepared(handle_.get(), statement.name.c_str(), in.count(), in.values(), in.lengths(),
                               in.formats(), 0);
  } else if (sql == last_) {
    sent = PQsendQueryPrepared(handle_.get(), "", in.count(), in.values(), in.lengths(), in.formats(), 0);
  } else {
    sent = PQsendQueryParams(handle_.get(), numbered(sql).c_str(), in.count(), in.types(), in.values(),
                             in.lengths(), in.formats(), 0);
    last_ = in_transaction_ ? sql : std::string_view();  // outside of one the next may be another session
  }
  if (sent == 0) lose();
  sent_.push_back({std::string(sql.substr(0, kShownSql)), ""});
}

void Connection::prepare(NamedStatements::Statement& statement, std::string_view sql, const Oid* types,
                         int count) {
  if (PQsendPrepare(handle_.get(), statement.name.c_str(), numbered(sql).c_str(), count, types) == 0) lose();
  statement.prepared = true;
  sent_.push_back({std::string(sql.substr(0, kShownSql)), statement.name});
}

Result Connection::answerOf(const Sent& sent, Result& failed, std::string& failed_sql) {
  Result result(PQgetResult(handle_.get()));
  if (result == nullptr) lose();
  // A null ends each answer.
  while (PGresult* more = PQgetResult(handle_.get()))
    PQclear(more);
  if (good(result.get())) return result;
  if (!sent.prepares.empty()) named_.forget(sent.prepares);
  if (failed == nullptr) {
    failed = std::move(result);
    failed_sql = sent.beginning;
    return nullptr;
  }
  return result;
}

Result Connection::finish() {
  arrive();
  if (sent_.empty()) return nullptr;
  if (PQpipelineSync(handle_.get()) == 0) lose();
  return answers();
}

void Connection::arrive() {
  if (std::exchange(leaving_, false)) answers();
}

Result Connection::answers() {
  Result failed;
  std::string failed_sql;
  Result last;
  for (const Sent& sent : sent_)
    last = answerOf(sent, failed, failed_sql);
  sent_.clear();
  const Result sync(PQgetResult(handle_.get()));
  if (failed == nullptr && PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC) lose();
  if (failed == nullptr) return last;
  last_.clear();
  const char* state = PQresultErrorField(failed.get(), PG_DIAG_SQLSTATE);
  const char* severity = PQresultErrorField(failed.get(), PG_DIAG_SEVERITY_NONLOCALIZED);
  const bool farewell = severity != nullptr && std::strcmp(severity, "ERROR") != 0;
  if (PQstatus(handle_.get()) != CONNECTION_OK || state == nullptr || farewell) lose();
  if (own_session_ && namesAreStale(state)) {
    lost_ = true;
    throw RunAgain{};
  }
  const char* message = PQresultErrorField(failed.get(), PG_DIAG_MESSAGE_PRIMARY);
  try {
    throwPostgresError(state, message == nullptr ? "" : message, failed_sql, whose_.empty());
  } catch (const RunAgain& again) {
    if (in_transaction_) broken_ = again;
    throw;
  }
}

sql::Rows Connection::queryValues(std::string_view sql, const std::vector<sql::Value>& values) {
  send(sql, values.data(), values.size());
  return sql::Rows(std::make_unique<FetchedRows>(finish()));
}

int Connection::executeValues(std::string_view sql, const sql::Value* values, std::size_t count) {
  send(sql, values, count);
  const Result result = finish();
  return std::atoi(PQcmdTuples(result.get()));
}

void Connection::postValues(std::string_view sql, const sql::Value* values, std::size_t count) {
  send(sql, values, count);
  if (sent_.size() >= kMaxUnanswered) finish();
}

void Connection::script(std::string_view script) {
  for (const auto statement : split(script)) {
    try {
      executeValues(statement, nullptr, 0);
    } catch (http::Problem& problem) {
      problem.detail = sql::placeIn(script, statement) + problem.detail;
      throw;
    }
  }
}

void Connection::begin(sql::Access access) {
  broken_.reset();
  committing_ = false;
  last_.clear();
  reads_ = access == sql::Access::kRead || access == sql::Access::kSettled;
  if (named_.full()) {
    named_.forgetAll();
    execute("DEALLOCATE ALL");
  }
  switch (access) {
    case sql::Access::kRead:
      post("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      if (!own_session_) post(kTimeouts);
      break;
    // READ COMMITTED: what those committed for whom the lock was waited is seen.
    case sql::Access::kSettled:
      post("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY");
      if (!own_session_) post(kTimeouts);
      post("SELECT pg_advisory_xact_lock(hashtext('redflag'), hashtext('outbox'))");
      break;
    case sql::Access::kWrite:
      post("BEGIN ISOLATION LEVEL READ COMMITTED");
      if (!own_session_) post(kTimeouts);
      if (whose_.empty()) {
        post("SELECT pg_advisory_xact_lock(hashtext('redflag'), hashtext('write'))");
      } else {
        post(
            "SELECT pg_advisory_xact_lock_shared(hashtext('redflag'), hashtext('write')), "
            "pg_advisory_xact_lock(hashtext('redflag.whose'), hashtext(?))",
            whose_);
      }
      break;
    case sql::Access::kSchema:
      post("BEGIN ISOLATION LEVEL READ COMMITTED");
      if (own_session_) post(kNoTimeouts);
      post("SELECT pg_advisory_xact_lock(hashtext('redflag'), hashtext('schema'))");
      break;
  }
  in_transaction_ = true;
}

void Connection::commit() {
  send("COMMIT", nullptr, 0);
  committing_ = true;
  const Result result = finish();
  committing_ = in_transaction_ = false;
  if (std::strcmp(PQcmdStatus(result.get()), "COMMIT") != 0) {
    throw http::Problem{500, "store.internal", "the transaction was rolled back instead of committed", "", 0};
  }
}

void Connection::rollBack() noexcept {
  broken_.reset();
  in_transaction_ = committing_ = false;
  if (lost_) return;
  if (reads_ && sent_.empty()) {
    quietly([this] {
      send("ROLLBACK", nullptr, 0);
      if (PQpipelineSync(handle_.get()) == 0) lose();
      leaving_ = true;
    });
    return;
  }
  // What is still under way first: should it fail, the server skips whatever comes behind it.
  quietly([this] { finish(); });
  if (!quietly([this] { execute("ROLLBACK"); })) lost_ = true;
}

}  // namespace redflag::store::postgres
