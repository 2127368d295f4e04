#include "store/sqlite/connection.h"

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/Utility.h>
#include <Poco/Exception.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>

#include "base/log.h"
#include "http/message.h"
#include "store/sql/script.h"

namespace redflag::store::sqlite {
namespace {

constexpr std::size_t kIdlePerText = 2;
constexpr std::size_t kIdleTexts = 256;  // the lists' filters make many

// Poco 1.11 hangs when it opens a file that is no database (its issue 4854); an empty file is a new database.
void checkHeader(const std::filesystem::path& file) {
  static constexpr std::string_view kMagic("SQLite format 3\0", 16);
  char head[16] = {};
  std::ifstream in(file, std::ios::binary);
  in.read(head, sizeof head);
  const auto size = static_cast<std::size_t>(in.gcount());
  if (size == 0 || std::string_view(head, size) == kMagic) return;
  throw http::Problem{500, "store.corrupt", file.string() + " is not a SQLite database", "", 0};
}

Poco::Data::Session open(const std::filesystem::path& file) {
  static const bool registered = (Poco::Data::SQLite::Connector::registerConnector(), true);
  static_cast<void>(registered);
  try {
    return {Poco::Data::SQLite::Connector::KEY, file.string()};
  } catch (const Poco::Exception& e) {
    throw http::Problem{500, "store.failed", file.string() + ": " + e.displayText(), "", 0};
  }
}

struct InUse {
  std::mutex mutex;
  std::map<std::string, int> connections;  // by canonical name
};
InUse& inUse() {
  static InUse files;
  return files;
}

}  // namespace

DatabaseFile::DatabaseFile(const std::filesystem::path& file)
    : name_(std::filesystem::weakly_canonical(file).string()) {
  const std::lock_guard lock(inUse().mutex);
  const auto found = inUse().connections.find(name_);
  if (found == inUse().connections.end()) {
    createPrivately(file);
    checkHeader(file);
  }
  ++inUse().connections[name_];
}

DatabaseFile::~DatabaseFile() {
  const std::lock_guard lock(inUse().mutex);
  if (--inUse().connections[name_] == 0) inUse().connections.erase(name_);
}

// SQLite takes the database's mode for its WAL and shared memory files: so nobody else reads any of them.
void createPrivately(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    throw http::Problem{500, "store.failed", file.string() + ": " + std::strerror(errno), "", 0};
  }
  ::close(fd);
}

void throwSqliteError(sqlite3* handle, int code, std::string_view doing) {
  const std::string text =
      std::string(sqlite3_errmsg(handle)) + " (" + std::string(doing.substr(0, 120)) + ")";
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw http::Problem{503, "store.busy", "the database is locked by another process", "", 5};
    case SQLITE_FULL:
      throw http::Problem{503, "store.full", "no space is left for the database", "", 60};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      throw http::Problem{500, "store.corrupt", "the database is damaged: " + text, "", 0};
    case SQLITE_CONSTRAINT:
      throw http::Problem{409, "store.conflict", "this contradicts what is stored: " + text, "", 0};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      throw http::Problem{503, "store.failed", "the disk failed: " + text, "", 60};
    default:
      throw http::Problem{500, "store.internal", text, "", 0};
  }
}

Connection::Connection(const std::filesystem::path& file, Role role, int busy_timeout_ms)
    : file_(file), session_(open(file)), handle_(Poco::Data::SQLite::Utility::dbHandle(session_)) {
  sqlite3_busy_timeout(handle_, busy_timeout_ms);
  sqlite3_extended_result_codes(handle_, 1);
  script(
      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA "
      "temp_store=MEMORY;");
  if (role == Role::kWriter) {
    // FULL: a commit is on the disk before it is acknowledged to an agent.
    script(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216; PRAGMA "
        "cache_size=-8000;");
  } else {
    // Nor does it tidy up when it is the last to go: what was only read is afterwards as it was.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    script("PRAGMA query_only=ON; PRAGMA cache_size=-2000;");
  }
}

Connection::~Connection() {
  for (auto& [text, statements] : idle_) {
    for (sqlite3_stmt* statement : statements)
      sqlite3_finalize(statement);
  }
}

void Connection::requireTransaction() const {
  if (ended_by_) throw http::Problem(*ended_by_);
}

void Connection::fail(int code, std::string_view doing) {
  try {
    throwSqliteError(handle_, code, doing);
  } catch (const http::Problem& problem) {
    const bool rolled_back = sqlite3_get_autocommit(handle_) != 0;
    if (in_transaction_ && !ended_by_ && (rolled_back || problem.code == "store.failed")) ended_by_ = problem;
    throw;
  }
}

sqlite3_stmt* Connection::take(std::string_view sql) {
  requireTransaction();
  const auto found = idle_.find(std::string(sql));
  if (found != idle_.end() && !found->second.empty()) {
    sqlite3_stmt* statement = found->second.back();
    found->second.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail(code, sql);
  return statement;
}

void Connection::giveBack(std::string_view sql, sqlite3_stmt* statement) noexcept {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  const auto found = idle_.find(std::string(sql));
  if (found == idle_.end() ? idle_.size() >= kIdleTexts : found->second.size() >= kIdlePerText) {
    sqlite3_finalize(statement);
  } else {
    idle_[std::string(sql)].push_back(statement);
  }
}

void Connection::bind(sqlite3_stmt* statement, const sql::Value* values, std::size_t count, bool copy) {
  // SQLite itself takes a value that is missing for NULL, without a word.
  if (const int wanted = sqlite3_bind_parameter_count(statement); static_cast<std::size_t>(wanted) != count)
    throw std::logic_error("a statement with " + std::to_string(wanted) + " values was given " +
                           std::to_string(count) + ": " + sqlite3_sql(statement));
  const auto lifetime = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  for (std::size_t i = 0; i < count; ++i) {
    const int at = static_cast<int>(i) + 1;
    int code = SQLITE_OK;
    if (const auto* integer = std::get_if<std::int64_t>(&values[i])) {
      code = sqlite3_bind_int64(statement, at, *integer);
    } else if (const auto* real = std::get_if<double>(&values[i])) {
      code = sqlite3_bind_double(statement, at, *real);
    } else if (const auto* text = std::get_if<std::string_view>(&values[i])) {
      const auto other = sql::withoutZeroBytes(*text);
      const std::string_view storable = other ? std::string_view(*other) : *text;
      // A null data pointer would bind NULL.
      code = sqlite3_bind_text64(statement, at, storable.data() ? storable.data() : "", storable.size(),
                                 other ? SQLITE_TRANSIENT : lifetime, SQLITE_UTF8);
    } else if (const auto* blob = std::get_if<sql::Blob>(&values[i])) {
      code = sqlite3_bind_blob64(statement, at, blob->bytes.data() ? blob->bytes.data() : "",
                                 blob->bytes.size(), lifetime);
    } else {
      code = sqlite3_bind_null(statement, at);
    }
    if (code != SQLITE_OK) throwSqliteError(handle_, code, "bind");
  }
}

// A statement taken out for one run, given back in every case.
class Connection::RunningQuery : public sql::Cursor {
 public:
  RunningQuery(Connection& connection, std::string_view sql)
      : connection_(connection), sql_(sql), statement_(connection.take(sql)) {}
  ~RunningQuery() override { connection_.giveBack(sql_, statement_); }

  sqlite3_stmt* statement() { return statement_; }

  bool next() override {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) connection_.fail(code, sql_);
    return false;
  }
  bool null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const override {
    return bytes(reinterpret_cast<const char*>(sqlite3_column_text(statement_, column)), column);
  }
  std::string blob(int column) const override {
    return bytes(static_cast<const char*>(sqlite3_column_blob(statement_, column)), column);
  }

 private:
  std::string bytes(const char* start, int column) const {
    if (start == nullptr) return {};
    return {start, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

  Connection& connection_;
  std::string_view sql_;
  sqlite3_stmt* statement_;
};

const sql::Dialect& Connection::dialect() const {
  static constexpr sql::Dialect kDialect = {
      "sqlite",
      "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
      "checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
      "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations'",
      "",
      "group_concat",
      ""};
  return kDialect;
}

sql::Rows Connection::queryValues(std::string_view sql, const std::vector<sql::Value>& values) {
  auto query = std::make_unique<RunningQuery>(*this, sql);
  bind(query->statement(), values.data(), values.size(), true);
  return sql::Rows(std::move(query));
}

int Connection::executeValues(std::string_view sql, const sql::Value* values, std::size_t count) {
  RunningQuery query(*this, sql);
  bind(query.statement(), values, count, false);
  while (query.next())
    continue;
  return sqlite3_changes(handle_);
}

void Connection::postValues(std::string_view sql, const sql::Value* values, std::size_t count) {
  executeValues(sql, values, count);
}

void Connection::begin(sql::Access access) {
  const bool reads = access == sql::Access::kRead || access == sql::Access::kSettled;
  execute(reads ? "BEGIN" : "BEGIN IMMEDIATE");
  in_transaction_ = true;
}

void Connection::commit() {
  execute("COMMIT");
  in_transaction_ = false;
}

// A failed rollback is no second failure: SQLite has rolled back by itself after errors like a full disk.
void Connection::rollBack() noexcept {
  in_transaction_ = false;
  ended_by_.reset();
  try {
    execute("ROLLBACK");
  } catch (const http::Problem& problem) {
    spdlog::debug("store: rollback: {}", problem.detail);
  }
}

void Connection::copyTo(const std::filesystem::path& file) {
  sqlite3* opened = nullptr;
  int code = sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> target(opened, sqlite3_close);
  if (code != SQLITE_OK) throwSqliteError(target.get(), code, "copy");
  // Whoever asked syncs it; half a copy is thrown away.
  sqlite3_exec(target.get(), "PRAGMA synchronous=OFF; PRAGMA journal_mode=OFF", nullptr, nullptr, nullptr);
  sqlite3_backup* backup = sqlite3_backup_init(target.get(), "main", handle_, "main");
  if (backup == nullptr) throwSqliteError(target.get(), sqlite3_errcode(target.get()), "copy");
  sqlite3_backup_step(backup, -1);
  code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) throwSqliteError(target.get(), code, "copy");
}

namespace {

[[noreturn]] void throwScriptError(sqlite3* handle, int code, std::string_view script,
                                   std::string_view statement) {
  try {
    throwSqliteError(handle, code, statement.substr(statement.find_first_not_of(" \t\r\n")));
  } catch (http::Problem& problem) {
    problem.detail = sql::placeIn(script, statement) + problem.detail;
    throw;
  }
}

}  // namespace

void Connection::script(std::string_view script) {
  const char* rest = script.data();
  const char* const end = script.data() + script.size();
  while (rest < end) {
    sqlite3_stmt* statement = nullptr;
    const char* next = nullptr;
    int code = sqlite3_prepare_v2(handle_, rest, static_cast<int>(end - rest), &statement, &next);
    const std::string_view text(rest, static_cast<std::size_t>((next ? next : end) - rest));
    if (code != SQLITE_OK) throwScriptError(handle_, code, script, text);
    rest = next;
    if (statement == nullptr) continue;  // white space or a comment
    do {
      code = sqlite3_step(statement);
    } while (code == SQLITE_ROW);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) throwScriptError(handle_, code, script, text);
  }
}

}  // namespace redflag::store::sqlite
