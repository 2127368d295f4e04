#include "store/sqlite/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/archive.h"
#include "support/clients.h"
#include "support/folder.h"

namespace redflag::store::sqlite {
namespace {

using testing::addClient;
using testing::clients;

http::Problem openingFails(const std::filesystem::path& file) {
  try {
    SqliteStore store(file);
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {200, "", ""};
}

TEST(SqliteStore, refuses_at_once_a_file_that_is_no_database) {
  testing::Folder folder;
  std::ofstream(folder / "db") << "this is a letter, not a database, and long enough to be read as one";
  const auto begun = std::chrono::steady_clock::now();
  const auto problem = openingFails(folder / "db");
  EXPECT_EQ(problem.code, "store.corrupt");
  EXPECT_NE(problem.detail.find("not a SQLite database"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST(SqliteStore, E5_refuses_a_corrupt_page_by_name) {
  testing::Folder folder;
  {
    SqliteStore store(folder / "db");
    for (int i = 0; i < 50; ++i)
      addClient(store, "client " + std::to_string(i));
  }
  std::fstream file(folder / "db", std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 * 3);
  file << std::string(4096 * 4, '\x5a');
  file.close();
  const auto problem = openingFails(folder / "db");
  EXPECT_EQ(problem.code, "store.corrupt");
  EXPECT_TRUE(problem.detail.starts_with((folder / "db").string() + " is damaged")) << problem.detail;
  EXPECT_NE(problem.detail.find("restore a backup"), std::string::npos) << problem.detail;
}

TEST(SqliteStore, lets_nobody_else_read_its_files) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  addClient(store, "one");
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 077, 0U) << entry.path();
  }
}

TEST(SqliteStore, E3_says_busy_when_another_process_holds_the_database_and_mends_itself) {
  testing::Folder folder;
  SqliteStore store(folder / "db", systemClock(), 50);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  try {
    addClient(store, "one");
    ADD_FAILURE() << "was written";
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.status, 503);
    EXPECT_EQ(problem.code, "store.busy");
    EXPECT_GT(problem.retry_after_s, 0);
  }
  EXPECT_EQ(clients(store), 0U);
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  addClient(store, "one");
  EXPECT_EQ(clients(store), 1U);
}

TEST(SqliteStore, an_archive_is_a_whole_database_made_while_others_write) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  for (int i = 0; i < 20; ++i)
    addClient(store, "client");
  {
    std::jthread writer([&](const std::stop_token& stop) {
      while (!stop.stop_requested())
        addClient(store, "more");
    });
    writeArchive(folder / "db", folder / "copy", {{"keys/one", std::string("a\0b", 3)}});
  }
  EXPECT_THROW(writeArchive(folder / "db", folder / "copy", {}), http::Problem);
  const auto files = unpackArchive(folder / "copy");
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].bytes, std::string("a\0b", 3));
  SqliteStore copy(folder / "copy");
  EXPECT_GE(clients(copy), 20U);
}

}  // namespace
}  // namespace redflag::store::sqlite
