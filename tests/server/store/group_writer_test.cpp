// What those who write at the same time have of each other: one commit, and nothing else.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <latch>
#include <thread>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/events.h"
#include "store/sqlite/sqlite_store.h"
#include "support/clients.h"
#include "support/folder.h"

namespace redflag::store::sqlite {
namespace {

using testing::clients;

using Work = std::function<void(WriteTransaction&)>;

void addClient(WriteTransaction& tx, const std::string& name) {
  tx.agents().addClient({newId(), name, {}}, 1);
}

// Writes all of them at once, queued behind one that waits for them; answers what each threw, "" for nothing.
std::vector<std::string> together(Store& store, const std::vector<Work>& works) {
  std::latch begun(1);
  std::atomic<std::size_t> at_the_door = 0;
  std::thread leader([&] {
    store.write([&](WriteTransaction&) {
      begun.count_down();
      while (at_the_door < works.size())
        std::this_thread::yield();
      // From the door into the queue.
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    });
  });
  begun.wait();
  std::vector<std::string> errors(works.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < works.size(); ++i) {
    threads.emplace_back([&, i] {
      ++at_the_door;
      try {
        store.write(works[i]);
      } catch (const http::Problem& problem) {
        errors[i] = problem.code;
      } catch (const std::exception& e) {
        errors[i] = e.what();
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  leader.join();
  return errors;
}

TEST(GroupWriter, those_who_waited_share_one_commit) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  std::atomic<int> grown = 0;
  store.onOutbox([&] { ++grown; });
  std::atomic<int> after = 0;
  const Work publish = [&](WriteTransaction& tx) {
    tx.events().publish("c", "agent", Json::object(), 1);
    tx.afterCommit([&] { ++after; });
  };
  together(store, std::vector<Work>(10, publish));
  EXPECT_EQ(after, 10);
  EXPECT_EQ(grown, 1) << "each of the ten was a commit of its own";
  EXPECT_EQ(store.read([](const ReadTransaction& tx) { return tx.events().newest(); }), 10);
}

TEST(GroupWriter, one_that_throws_is_undone_alone) {
  testing::Folder folder;
  SqliteStore store(folder / "db");
  std::atomic<int> after = 0;
  const Work good = [&](WriteTransaction& tx) {
    addClient(tx, "good");
    tx.afterCommit([&] { ++after; });
  };
  const Work bad = [&](WriteTransaction& tx) {
    addClient(tx, "bad");
    tx.events().publish("c", "agent", Json::object(), 1);
    tx.afterCommit([&] { after += 100; });
    throw std::runtime_error("no");
  };
  const Work twice = [](WriteTransaction& tx) {
    tx.agents().addClient({"same", "bad", {}}, 1);
    tx.agents().addClient({"same", "bad", {}}, 1);
  };
  const auto errors = together(store, {good, bad, good, twice, good});
  EXPECT_EQ(errors, (std::vector<std::string>{"", "no", "", "store.conflict", ""}));
  EXPECT_EQ(clients(store), 3U);
  EXPECT_EQ(after, 3);
  EXPECT_EQ(store.read([](const ReadTransaction& tx) { return tx.events().newest(); }), 0);
}

// All of them wait for the same lock; nobody waits for it once for everybody before.
TEST(GroupWriter, E3_those_who_wait_for_another_process_are_all_told_at_once) {
  testing::Folder folder;
  SqliteStore store(folder / "db", systemClock(), 300);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "db").c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto begun = std::chrono::steady_clock::now();
  std::atomic<int> busy = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) {
    threads.emplace_back([&] {
      try {
        store.write([](WriteTransaction& tx) { addClient(tx, "late"); });
      } catch (const http::Problem& problem) {
        busy += problem.code == "store.busy" && problem.retry_after_s > 0 ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(busy, 20);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(1500));
  sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  store.write([](WriteTransaction& tx) { addClient(tx, "now"); });
  EXPECT_EQ(clients(store), 1U);
}

}  // namespace
}  // namespace redflag::store::sqlite
