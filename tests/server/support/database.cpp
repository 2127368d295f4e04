#include "support/database.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "base/encoding.h"
#include "store/postgres/connection.h"
#include "store/sql/migrations.h"
#include "store/sqlite/connection.h"

namespace redflag::testing {
namespace {

namespace pg = store::postgres;

// Brought up to date once; a copy of it costs a few hundredths of a second.
constexpr const char* kTemplate = "redflag_template";

const char* postgresFolder() {
  return std::getenv("REDFLAG_TEST_POSTGRES");
}

// Past a pooler, where the tests go through one: what makes and drops databases needs a session.
std::string directUrl(const std::string& database) {
  std::filesystem::path folder = postgresFolder();
  if (folder.filename() == "pooled") folder = folder.parent_path();
  return "postgresql:///" + database + "?user=postgres&host=" + folder.string();
}

pg::Result run(PGconn* connection, const std::string& sql) {
  pg::Result result(PQexec(connection, sql.c_str()));
  const auto status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(sql + ": " + PQerrorMessage(connection));
  return result;
}

// Tests run side by side, each in a process of its own: the first one makes the template.
void ensureTemplate(PGconn* connection) {
  run(connection, "SELECT pg_advisory_lock(1)");
  const auto found = run(
      connection, fmt::format("SELECT 1 FROM pg_database WHERE datistemplate AND datname = '{}'", kTemplate));
  if (PQntuples(found.get()) == 0) {
    run(connection, fmt::format("DROP DATABASE IF EXISTS {}", kTemplate));
    run(connection, fmt::format("CREATE DATABASE {}", kTemplate));
    store::openStore({{}, directUrl(kTemplate)});
    run(connection, fmt::format("ALTER DATABASE {} IS_TEMPLATE true", kTemplate));
  }
  run(connection, "SELECT pg_advisory_unlock(1)");
}

// The same of SQLite, as a file that is named after what its schema is made of.
const std::filesystem::path& templateFile() {
  static const std::filesystem::path file = [] {
    std::size_t mark = 0;
    for (const auto& step : store::sql::migrations("sqlite"))
      mark = 31 * mark + std::hash<std::string_view>{}(step.sql);
    const std::filesystem::path folder = REDFLAG_BUILD "/tests";
    const auto made = folder / fmt::format("schema-{:x}.db", mark);
    if (std::filesystem::exists(made)) return made;
    const auto part = folder / fmt::format("schema-{}.part", newId());
    store::openStore({part, ""});
    std::filesystem::rename(part, made);
    return made;
  }();
  return file;
}

}  // namespace

std::string postgresUrl(const std::string& database) {
  return "postgresql:///" + database + "?user=postgres&host=" + postgresFolder();
}

std::string postgresSocket() {
  return std::string(postgresFolder()) + "/.s.PGSQL.5432";
}

TestDatabase::TestDatabase(With with) {
  if (postgresFolder() == nullptr) {
    where_.file = folder_ / "redflag.db";
    if (with == With::kSchema) std::filesystem::copy_file(templateFile(), where_.file);
    return;
  }
  name_ = "t_" + newId();
  for (char& c : name_)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto connection = pg::connect(directUrl("postgres"));
  if (with == With::kSchema) ensureTemplate(connection.get());
  run(connection.get(),
      "CREATE DATABASE " + name_ + " TEMPLATE " + (with == With::kSchema ? kTemplate : "template1"));
  where_.url = postgresUrl(name_);
}

std::unique_ptr<store::sql::Connection> TestDatabase::connect() const {
  using store::sqlite::Connection;
  if (name_.empty()) return std::make_unique<Connection>(where_.file, Connection::Role::kWriter);
  return std::make_unique<pg::Connection>(where_.url);
}

std::string TestDatabase::contents() const {
  std::string all;
  if (name_.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::ifstream in(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return all;
  }
  const auto connection = pg::connect(where_.url);
  const auto tables = run(connection.get(), "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
  for (int i = 0; i < PQntuples(tables.get()); ++i) {
    const std::string table = PQgetvalue(tables.get(), i, 0);
    const auto rows = run(connection.get(), "SELECT string_agg(CAST(t AS TEXT), ' ') FROM " + table + " t");
    all += PQgetvalue(rows.get(), 0, 0);
  }
  return all;
}

TestDatabase::~TestDatabase() {
  if (name_.empty()) return;
  try {
    run(pg::connect(directUrl("postgres")).get(), "DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (...) {
    // The whole server goes with the run.
  }
}

}  // namespace redflag::testing
