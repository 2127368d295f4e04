#include "store/archive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/encoding.h"
#include "http/message.h"
#include "store/sql/migrations.h"
#include "store/sql/scope.h"
#include "store/sql/tables.h"
#include "store/sqlite/connection.h"

namespace redflag::store {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void failed(const fs::path& file) {
  throw http::Problem{503, "store.failed", file.string() + ": " + std::strerror(errno), "", 60};
}

[[noreturn]] void damaged(const std::string& how) {
  throw http::Problem{500, "store.corrupt", "the archive is damaged: " + how, "", 0};
}

// Gone with everything beside it, unless it was given its name.
class Unfinished {
 public:
  explicit Unfinished(const fs::path& for_file) : path_(for_file.string() + "." + newId()) {}
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  ~Unfinished() {
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm", "-journal"})
      fs::remove(path_.string() + end, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void sync(const fs::path& what, int flags) {
  const int fd = ::open(what.c_str(), flags | O_CLOEXEC);
  if (fd < 0) failed(what);
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) failed(what);
}

[[noreturn]] void refuseExisting(const fs::path& archive) {
  throw http::Problem{409, "store.backup_exists",
                      archive.string() + ": it exists already; a backup overwrites nothing", "", 0};
}

void giveName(const fs::path& unfinished, const fs::path& archive) {
  sync(unfinished, O_RDONLY);
  if (::renameat2(AT_FDCWD, unfinished.c_str(), AT_FDCWD, archive.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST) refuseExisting(archive);
    failed(archive);
  }
  sync(fs::absolute(archive).parent_path(), O_RDONLY | O_DIRECTORY);
}

// By name: an archive's own list has no other order.
std::vector<sql::TableDigest> digestsOf(sqlite::Connection& copy) {
  std::vector<sql::TableDigest> out;
  for (const auto& table : sql::tablesOf(copy))
    out.push_back(sql::digestOf(copy, table));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.table < b.table; });
  return out;
}

void seal(sqlite::Connection& copy, const std::vector<ArchivedFile>& files) {
  sql::Scope transaction(copy, sql::Access::kSchema);
  copy.script(
      "CREATE TABLE archive_files (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;"
      "CREATE TABLE archive_tables (name TEXT PRIMARY KEY, row_count INTEGER NOT NULL, sha256 TEXT NOT NULL) "
      "STRICT;");
  for (const auto& file : files) {
    copy.execute("INSERT INTO archive_files VALUES (?, ?, ?)", file.name, toHex(sha256(file.bytes)),
                 sql::Blob{file.bytes});
  }
  for (const auto& table : digestsOf(copy))
    copy.execute("INSERT INTO archive_tables VALUES (?, ?, ?)", table.table, table.rows, table.sha256);
  transaction.commit();
}

void checkStructure(sqlite::Connection& copy) {
  auto verdict = copy.query("PRAGMA integrity_check(1)");
  verdict.next();
  if (const auto text = verdict.text(); text != "ok") damaged(text);
  if (!copy.query("SELECT 1 FROM sqlite_schema WHERE name = 'archive_tables'").next()) {
    throw http::Problem{400, "store.no_archive", "`redflag-server backup` did not make this file", "", 0};
  }
  auto strays = copy.query("PRAGMA foreign_key_check");
  if (strays.next()) damaged("a row of " + strays.text() + " refers to one that is missing");
}

void checkTables(sqlite::Connection& copy) {
  std::vector<sql::TableDigest> told;
  auto rows = copy.query("SELECT name, row_count, sha256 FROM archive_tables ORDER BY name");
  while (rows.next()) {
    auto& table = told.emplace_back();
    table.table = rows.text();
    table.rows = rows.integer();
    table.sha256 = rows.text();
  }
  const auto found = digestsOf(copy);
  if (found.size() != told.size()) damaged("it has not the tables it had");
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i] != told[i]) damaged("table " + told[i].table + " is not what it was");
}

std::vector<ArchivedFile> filesIn(sqlite::Connection& copy) {
  std::vector<ArchivedFile> out;
  auto rows = copy.query("SELECT name, sha256, bytes FROM archive_files ORDER BY name");
  while (rows.next()) {
    auto& file = out.emplace_back();
    file.name = rows.text();
    const std::string told = rows.text();
    file.bytes = rows.blob();
    if (toHex(sha256(file.bytes)) != told) damaged("file " + file.name + " is not what it was");
  }
  return out;
}

}  // namespace

void writeArchive(const fs::path& database, const fs::path& archive, const std::vector<ArchivedFile>& files) {
  if (!fs::exists(database)) {
    throw http::Problem{404, "store.missing", database.string() + ": there is no database here", "", 0};
  }
  if (fs::exists(archive)) refuseExisting(archive);
  const Unfinished unfinished(archive);
  sqlite::createPrivately(unfinished.path());
  sqlite::Connection(database, sqlite::Connection::Role::kReader).copyTo(unfinished.path());
  {
    sqlite::Connection copy(unfinished.path(), sqlite::Connection::Role::kWriter);
    seal(copy, files);
    copy.script("PRAGMA journal_mode=DELETE;");  // everything in the one file
  }
  giveName(unfinished.path(), archive);
}

std::vector<ArchivedFile> unpackArchive(const fs::path& file) {
  std::vector<ArchivedFile> files;
  {
    sqlite::Connection copy(file, sqlite::Connection::Role::kWriter);
    checkStructure(copy);
    sql::migrationStates(copy, sql::migrations(copy.dialect().engine));
    checkTables(copy);
    files = filesIn(copy);
    // The keys must not stay behind in the database's free pages.
    copy.script(
        "PRAGMA secure_delete=ON; DROP TABLE archive_files; DROP TABLE archive_tables; PRAGMA "
        "journal_mode=DELETE;");
  }
  sync(file, O_RDONLY);
  return files;
}

}  // namespace redflag::store
