// What every engine promises.
#include "store/store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/events.h"
#include "store/people.h"
#include "support/clients.h"
#include "support/database.h"

namespace redflag::store {
namespace {

using testing::addClient;
using testing::clients;

TEST(Store, a_transaction_that_throws_leaves_nothing) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
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

TEST(Store, an_attempt_that_throws_undoes_only_itself) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
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

TEST(Store, what_failed_in_an_attempt_before_it_threw_is_no_failure_of_the_next_one) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
  const Client client{newId(), "kept", {}};
  store.write([&](WriteTransaction& tx) {
    tx.agents().addClient(client, 1);
    EXPECT_THROW(tx.attempt([&] {
      tx.agents().addClient(client, 1);
      throw http::Problem{400, "no", ""};
    }),
                 http::Problem);
    EXPECT_NO_THROW(tx.attempt([&] { tx.agents().addClient({newId(), "kept too", {}}, 1); }));
  });
  EXPECT_EQ(clients(store), 2U);
}

TEST(Store, a_reader_sees_one_picture_while_others_write) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
  addClient(store, "one");
  store.read([&](const ReadTransaction& tx) {
    EXPECT_EQ(tx.agents().clients(http::Visible::everything()).size(), 1U);
    std::thread([&] { addClient(store, "two"); }).join();
    EXPECT_EQ(tx.agents().clients(http::Visible::everything()).size(), 1U);
  });
  EXPECT_EQ(clients(store), 2U);
}

TEST(Store, more_readers_than_connections_wait_for_their_turn) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
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

TEST(Store, many_writers_at_once_all_succeed) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
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

TEST(Store, the_listener_is_called_after_each_commit_that_published) {
  std::atomic<int> grown = 0;
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
  store.onOutbox([&] { ++grown; });
  addClient(store, "silent");
  EXPECT_EQ(grown, 0);
  for (int i = 0; i < 2; ++i) {
    const int before = grown;
    store.write([](WriteTransaction& tx) {
      tx.events().publish("c", "agent", Json::object(), 1);
      tx.events().publish("c", "scan", Json::object(), 1);
    });
    EXPECT_GT(grown, before);
  }
}

TEST(Store, the_outbox_remembers_how_far_it_was_when_it_is_pruned) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
  store.write([](WriteTransaction& tx) {
    for (int i = 0; i < 10; ++i)
      tx.events().publish("c", "agent", Json::object(), 1);
  });
  store.write([](WriteTransaction& tx) { tx.events().prune(3, 0, 100); });
  store.read([](const ReadTransaction& tx) {
    EXPECT_EQ(tx.events().newest(), 10);
    const auto events = tx.events().after(0, 100, http::Visible::everything());
    ASSERT_EQ(events.size(), 3U);
    EXPECT_EQ(events.front().seq, 8);
  });
  store.write([](WriteTransaction& tx) { tx.events().prune(0, 0, 100); });
  store.write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
  EXPECT_EQ(store.read([](const ReadTransaction& tx) { return tx.events().newest(); }), 11);
}

TEST(Store, a_zero_byte_in_a_text_costs_nothing_but_itself) {
  testing::TestDatabase database;
  const auto opened = database.open();
  HistoryEntry entry;
  entry.text = std::string("before\0behind", 13);
  opened->write([&](WriteTransaction& tx) { tx.events().record("c", "a", entry); });
  const auto page = opened->read([](const ReadTransaction& tx) {
    return tx.events().history("c", "a", {10, ""});
  });
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items.front().text,
            "before\xef\xbf\xbd"
            "behind");
}

TEST(People, the_first_user_is_made_once) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
  const auto add = [&](const std::string& name) {
    return store.write([&](WriteTransaction& tx) {
      return tx.people().addUser({newId(), name, "hash", http::Grants::everywhere("admin")}, 1);
    });
  };
  EXPECT_TRUE(add("ada"));
  EXPECT_FALSE(add("ada"));
  EXPECT_TRUE(add("bob"));
}

TEST(People, sessions_end_by_expiry_and_by_idleness) {
  testing::TestDatabase database;
  const auto opened = database.open();
  Store& store = *opened;
  const std::string hash(32, 'h');
  const std::string old(32, 'o');
  store.write([&](WriteTransaction& tx) {
    tx.people().addUser({"u", "ada", "hash", http::Grants::everywhere("admin")}, 1);
    tx.people().addSession({hash, "u", 1, 100, 1000});
    tx.people().addSession({old, "u", 1, 10, 1000});
    tx.people().removeStaleSessions(500, 50);
  });
  store.read([&](const ReadTransaction& tx) {
    ASSERT_TRUE(tx.people().findSession(hash));
    EXPECT_EQ(tx.people().findSession(hash)->grants.highest(), "admin");
    EXPECT_FALSE(tx.people().findSession(old));
  });
  store.write([&](WriteTransaction& tx) { tx.people().removeStaleSessions(1000, 0); });
  EXPECT_FALSE(store.read([&](const ReadTransaction& tx) { return tx.people().findSession(hash); }));
}

}  // namespace
}  // namespace redflag::store
