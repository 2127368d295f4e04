#include "store/sqlite/sqlite_store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/events.h"
#include "store/people.h"
#include "support/folder.h"

namespace redflag::store::sqlite {
namespace {

http::Problem openingFails(const std::filesystem::path& file) {
  try {
    SqliteStore store(file);
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {200, "", ""};
}

void addClient(Store& store, const std::string& name) {
  store.write([&](WriteTransaction& tx) { tx.agents().addClient({newId(), name, {{newId(), "site"}}}, 1); });
}

std::size_t clients(const Store& store) {
  return store.read([](const ReadTransaction& tx) { return tx.agents().clients().size(); });
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
  EXPECT_EQ(openingFails(folder / "db").code, "store.corrupt");
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

TEST(SqliteStore, a_transaction_that_throws_leaves_nothing) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  bool after = false;
  EXPECT_THROW(store.write([&](WriteTransaction& tx) {
    tx.agents().addClient({newId(), "gone", {}}, 1);
    tx.afterCommit([&] { after = true; });
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(clients(store), 0U);
  EXPECT_FALSE(after);
  addClient(store, "next");
  EXPECT_EQ(clients(store), 1U);
}

TEST(SqliteStore, an_attempt_that_throws_undoes_only_itself) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  int after = 0;
  store.write([&](WriteTransaction& tx) {
    tx.agents().addClient({newId(), "kept", {}}, 1);
    EXPECT_THROW(tx.attempt([&] {
      tx.agents().addClient({newId(), "undone", {}}, 1);
      tx.afterCommit([&] { ++after; });
      throw http::Problem{400, "no", ""};
    }),
                 http::Problem);
    tx.attempt([&] {
      tx.agents().addClient({newId(), "kept too", {}}, 1);
      tx.afterCommit([&] { ++after; });
    });
  });
  EXPECT_EQ(clients(store), 2U);
  EXPECT_EQ(after, 1);
}

TEST(SqliteStore, a_reader_sees_one_picture_while_others_write) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  addClient(store, "one");
  store.read([&](const ReadTransaction& tx) {
    EXPECT_EQ(tx.agents().clients().size(), 1U);
    std::thread([&] { addClient(store, "two"); }).join();
    EXPECT_EQ(tx.agents().clients().size(), 1U);
  });
  EXPECT_EQ(clients(store), 2U);
}

TEST(SqliteStore, more_readers_than_connections_wait_for_their_turn) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  addClient(store, "one");
  std::atomic<int> seen = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 20; ++n)
        seen += static_cast<int>(clients(store));
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(seen, 16 * 20);
}

TEST(SqliteStore, many_writers_at_once_all_succeed) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 25; ++n)
        addClient(store, "client");
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(clients(store), 200U);
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

TEST(SqliteStore, the_listener_is_called_once_for_each_commit_that_published) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  int grown = 0;
  store.onOutbox([&] { ++grown; });
  addClient(store, "silent");
  EXPECT_EQ(grown, 0);
  store.write([](WriteTransaction& tx) {
    tx.events().publish("c", "agent", Json::object(), 1);
    tx.events().publish("c", "scan", Json::object(), 1);
  });
  EXPECT_EQ(grown, 1);
}

TEST(SqliteStore, the_outbox_remembers_how_far_it_was_when_it_is_pruned) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  store.write([](WriteTransaction& tx) {
    for (int i = 0; i < 10; ++i)
      tx.events().publish("c", "agent", Json::object(), 1);
  });
  store.write([](WriteTransaction& tx) { tx.events().prune(3, 0, 100); });
  store.read([](const ReadTransaction& tx) {
    EXPECT_EQ(tx.events().newest(), 10);
    const auto events = tx.events().after(0, 100);
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events.front().seq, 8);
  });
  store.write([](WriteTransaction& tx) { tx.events().prune(0, 0, 100); });
  store.write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
  EXPECT_EQ(store.read([](const ReadTransaction& tx) { return tx.events().newest(); }), 11);
}

TEST(SqliteStore, a_backup_is_a_whole_database_made_while_others_write) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  for (int i = 0; i < 20; ++i)
    addClient(store, "client");
  {
    std::jthread writer([&](const std::stop_token& stop) {
      while (!stop.stop_requested())
        addClient(store, "more");
    });
    store.backupTo(folder / "copy");
  }
  EXPECT_THROW(store.backupTo(folder / "copy"), http::Problem);
  SqliteStore copy(folder / "copy");
  EXPECT_GE(clients(copy), 20U);
}

TEST(People, the_first_user_is_made_once) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  const auto add = [&](const std::string& name) {
    return store.write([&](WriteTransaction& tx) {
      return tx.people().addUser({newId(), name, "hash", "admin"}, 1);
    });
  };
  EXPECT_TRUE(add("ada"));
  EXPECT_FALSE(add("ada"));
  EXPECT_TRUE(add("bob"));
}

TEST(People, sessions_end_by_expiry_and_by_idleness) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  const std::string hash(32, 'h');
  const std::string old(32, 'o');
  store.write([&](WriteTransaction& tx) {
    tx.people().addUser({"u", "ada", "hash", "admin"}, 1);
    tx.people().addSession({hash, "u", 1, 100, 1000});
    tx.people().addSession({old, "u", 1, 10, 1000});
    tx.people().removeStaleSessions(500, 50);
  });
  store.read([&](const ReadTransaction& tx) {
    ASSERT_TRUE(tx.people().findSession(hash));
    EXPECT_EQ(tx.people().findSession(hash)->role, "admin");
    EXPECT_FALSE(tx.people().findSession(old));
  });
  store.write([&](WriteTransaction& tx) { tx.people().removeStaleSessions(1000, 0); });
  EXPECT_FALSE(store.read([&](const ReadTransaction& tx) { return tx.people().findSession(hash); }));
}

}  // namespace
}  // namespace redflag::store::sqlite
