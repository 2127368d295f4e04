#include "sqlite/database.h"

#include <sqlite3.h>

#include <system_error>
#include <utility>

#include "base/time.h"

namespace redflag::kernel::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5000;
constexpr std::int64_t kManyPages = 256;  // of 4 KiB
// A page cache of 512 KiB: the agent's databases are small, its memory budget, too.
constexpr const char* kSettings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-512;"
    "PRAGMA journal_size_limit=4194304; PRAGMA trusted_schema=OFF;";

Code codeOf(int result) {
  switch (result & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kCorrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::kUnavailable;
    case SQLITE_CONSTRAINT:
      return Code::kConflict;
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return Code::kDenied;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ERROR:
      return Code::kInternal;
    default:
      return Code::kIo;
  }
}

tl::unexpected<Error> errorOf(sqlite3* handle, int result) {
  const char* file = sqlite3_db_filename(handle, "main");
  const std::string reason =
      (result & 0xFF) == SQLITE_FULL ? "no space left on the device" : sqlite3_errmsg(handle);
  return fail(codeOf(result), std::string(file == nullptr ? "database" : file) + ": " + reason);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}
void Database::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Statement& Statement::bind(int index, std::string_view text) {
  const int result = sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                                         text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
  const int result = sqlite3_bind_int64(statement_.get(), index, number);
  if (result != SQLITE_OK) bind_error_ = result;
  return *this;
}

Result<bool> Statement::step() {
  const int result = bind_error_ != 0 ? bind_error_ : sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return errorOf(sqlite3_db_handle(statement_.get()), result);
}

Result<> Statement::run() {
  auto row = step();
  if (!row) return tl::unexpected<Error>(row.error());
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());  // repeats the error that step() reported already
  sqlite3_clear_bindings(statement_.get());
  bind_error_ = 0;
}

std::string Statement::text(int column) const {
  const auto* bytes =
      static_cast<const char*>(static_cast<const void*>(sqlite3_column_text(statement_.get(), column)));
  if (bytes == nullptr) return {};
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

Result<Database> Database::open(const std::filesystem::path& file) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int result = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  Database database(raw, file);
  if (result != SQLITE_OK) {
    return fail(codeOf(result), file.string() + ": " + (raw == nullptr ? "no memory" : sqlite3_errmsg(raw)));
  }
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  // Before anything else touches the file: space that is freed can go back to the file system.
  if (auto set = database.execute("PRAGMA auto_vacuum=INCREMENTAL;"); !set)
    return tl::unexpected<Error>(set.error());
  if (auto set = database.execute(kSettings); !set) return tl::unexpected<Error>(set.error());
  std::error_code error;
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                               error);
  if (error) return fail(Code::kIo, file.string() + ": " + error.message());
  auto check = database.prepare("PRAGMA quick_check(1)");
  if (!check) return tl::unexpected<Error>(check.error());
  auto row = check->step();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row || check->text(0) != "ok") return fail(Code::kCorrupt, file.string() + ": " + check->text(0));
  return database;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result =
      sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (result != SQLITE_OK) return errorOf(handle_.get(), result);
  return Statement(statement);
}

Result<> Database::execute(const std::string& sql) {
  const int result = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return errorOf(handle_.get(), result);
  return {};
}

Result<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected<Error>(statement.error());
  auto row = statement->step();
  if (!row) return tl::unexpected<Error>(row.error());
  if (!*row) return fail(Code::kNotFound, file_.string() + ": no row");
  return statement->integer(0);
}

std::int64_t Database::changes() const {
  return sqlite3_changes64(handle_.get());
}

Result<> Database::giveBackSpace() {
  const auto free_pages = number("PRAGMA freelist_count");
  if (!free_pages) return tl::unexpected<Error>(free_pages.error());
  if (*free_pages < kManyPages) return {};
  return execute("PRAGMA incremental_vacuum");
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return tl::unexpected<Error>(begun.error());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  // A failed statement may have rolled back already; then this has nothing to do.
  if (database_ != nullptr) sqlite3_exec(database_->handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<> Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

Result<std::filesystem::path> moveAside(const std::filesystem::path& file) {
  std::filesystem::path aside = file;
  aside += ".corrupt-" + std::to_string(epochNow() / kSecondNs);
  for (const char* suffix : {"-wal", "-shm", ""}) {
    const std::filesystem::path from(file.string() + suffix);
    const std::filesystem::path to(aside.string() + suffix);
    std::error_code error;
    if (!std::filesystem::exists(from, error)) continue;
    std::filesystem::rename(from, to, error);
    if (error) return fail(Code::kIo, from.string() + ": cannot be moved aside: " + error.message());
  }
  return aside;
}

}  // namespace redflag::kernel::sqlite
