// What only an engine behind a connection can get wrong.
#include "store/postgres/postgres_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <utility>

#include "base/encoding.h"
#include "http/message.h"
#include "store/agents.h"
#include "store/audit.h"
#include "store/audit_chain.h"
#include "store/events.h"
#include "store/people.h"
#include "store/postgres/connection.h"
#include "store/scans.h"
#include "support/database.h"
#include "support/severed_socket.h"

namespace redflag::store::postgres {
namespace {

using testing::TestDatabase;

const AgentKey kAgent{"agent", "client", "site", ""};

http::Problem refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const http::Problem& problem) {
    return problem;
  }
  return {200, "", ""};
}

bool take(Store& store, const std::string& id) {
  return store.write([&](WriteTransaction& tx) { return tx.scans().takeItem(kAgent, id, 1); });
}

void endEverybodyElse(const TestDatabase& database) {
  database.connect()->query(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND "
      "pid <> "
      "pg_backend_pid()");
}

TEST(E8_postgres_goes_away, before_the_commit_nothing_is_stored_and_the_next_one_is) {
  const TestDatabase database;
  const auto store = database.open();
  const std::string id = newId();
  const auto problem = refusal([&] {
    store->write([&](WriteTransaction& tx) {
      tx.scans().takeItem(kAgent, id, 1);
      endEverybodyElse(database);
      tx.scans().takeItem(kAgent, newId(), 1);
    });
  });
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.code, "store.unavailable");
  EXPECT_GT(problem.retry_after_s, 0);
  EXPECT_TRUE(take(*store, id)) << "it was stored";
}

TEST(E8_postgres_goes_away, connections_that_were_closed_while_idle_are_replaced_unnoticed) {
  const TestDatabase database;
  const auto store = database.open();
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(take(*store, newId()));
    if (round > 0) store->read([](const ReadTransaction& tx) { EXPECT_FALSE(tx.people().anyUser()); });
    endEverybodyElse(database);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  store->read([](const ReadTransaction& tx) { EXPECT_FALSE(tx.people().anyUser()); });
}

// The answer to COMMIT never arrives: it was carried out, and nobody may claim either.
TEST(E8_postgres_goes_away, during_the_commit_the_outcome_is_called_unknown_and_not_tried_again) {
  const TestDatabase database;
  testing::SeveredSocket between(testing::postgresSocket());
  PostgresStore store(between.through(database.url()));
  const std::string id = newId();
  between.severBehind(std::string("COMMIT\0", 7));  // not the level of isolation, READ COMMITTED
  int runs = 0;
  const auto problem = refusal([&] {
    store.write([&](WriteTransaction& tx) {
      ++runs;
      tx.scans().takeItem(kAgent, id, 1);
    });
  });
  EXPECT_EQ(problem.status, 503);
  EXPECT_EQ(problem.code, "store.outcome_unknown");
  EXPECT_EQ(runs, 1);
  between.mend();
  EXPECT_FALSE(take(store, id)) << "asking again by the item's id tells: it is stored";
}

TEST(Postgres, two_that_look_before_they_write_cannot_both_be_first) {
  const TestDatabase database;
  const auto one = database.open();
  const auto two = database.open();
  std::atomic<int> made = 0;
  const auto become = [&](Store& store, const std::string& name) {
    const bool first = store.write([&](WriteTransaction& tx) {
      const bool nobody = !tx.people().anyUser();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));  // time to look for the other one
      return nobody && tx.people().addUser({newId(), name, "hash", http::Grants::everywhere("admin")}, 1);
    });
    made += first ? 1 : 0;
  };
  std::thread other([&] { become(*two, "bob"); });
  become(*one, "ada");
  other.join();
  EXPECT_EQ(made, 1);
}

// Answers whether a second writer, at another server, got in while the first one was at it.
bool sideBySide(const std::string& first, const std::string& second) {
  const TestDatabase database;
  const auto one = database.open();
  const auto two = database.open();
  std::latch first_is_in(1);
  std::atomic<bool> second_is_in = false;
  std::thread other([&] {
    first_is_in.wait();
    two->writeOf(second, [&](WriteTransaction& tx) {
      tx.events().newest();
      second_is_in = true;
    });
  });
  const bool met = one->writeOf(first, [&](WriteTransaction& tx) {
    tx.events().newest();  // the locks travel with the first question, and are there with its answer
    first_is_in.count_down();
    for (int i = 0; i < 50 && !second_is_in; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return second_is_in.load();
  });
  other.join();
  EXPECT_TRUE(second_is_in);
  return met;
}

TEST(Postgres, writes_of_different_machines_go_side_by_side_and_no_others) {
  EXPECT_TRUE(sideBySide("a", "b"));
  EXPECT_FALSE(sideBySide("a", "a"));
  EXPECT_FALSE(sideBySide("a", ""));
  EXPECT_FALSE(sideBySide("", "b"));
  EXPECT_FALSE(sideBySide("", ""));
}

TEST(Postgres, machines_whose_rows_lie_side_by_side_never_break_each_other_off) {
  const TestDatabase database;
  const auto store = database.open();
  constexpr int kMachines = 8;
  constexpr int kEach = 20;
  std::atomic<int> runs = 0;
  std::vector<std::thread> machines;
  for (int i = 0; i < kMachines; ++i) {
    machines.emplace_back([&, agent = "agent " + std::to_string(i)] {
      for (int n = 0; n < kEach; ++n)
        store->writeOf(agent, [&](WriteTransaction& tx) {
          ++runs;
          tx.events().history("client", agent, {500, ""});
          tx.events().record("client", agent, {});
          tx.events().publish("client", "agent", Json::object(), 1);
        });
    });
  }
  for (auto& machine : machines)
    machine.join();
  EXPECT_EQ(runs, kMachines * kEach);
  for (int i = 0; i < kMachines; ++i)
    EXPECT_EQ(store
                  ->read([&](const ReadTransaction& tx) {
                    return tx.events().history("client", "agent " + std::to_string(i), {1, ""});
                  })
                  .items.front()
                  .seq,
              kEach);
}

TEST(Postgres, records_of_machines_at_several_servers_are_one_chain) {
  const TestDatabase database;
  const auto one = database.open();
  const auto two = database.open();
  constexpr int kMachines = 6;
  constexpr int kEach = 20;
  std::vector<std::thread> machines;
  for (int i = 0; i < kMachines; ++i) {
    machines.emplace_back([&store = i % 2 == 0 ? *one : *two, agent = "agent " + std::to_string(i)] {
      HistoryEntry entry;
      entry.subsystem = "security";
      entry.actor = "server";
      for (int n = 0; n < kEach; ++n)
        store.writeOf(agent, [&](WriteTransaction& tx) { tx.events().record("client", agent, entry); });
    });
  }
  for (auto& machine : machines)
    machine.join();
  const auto verdict = one->read([](const ReadTransaction& tx) { return verifyAudit(tx, std::nullopt); });
  EXPECT_TRUE(verdict.ok) << verdict.text;
  EXPECT_EQ(verdict.checked, kMachines * kEach);
}

TEST(Postgres, writers_that_meet_again_and_again_all_succeed) {
  const TestDatabase database;
  const auto one = database.open();
  const auto two = database.open();
  constexpr int kThreads = 6;
  constexpr int kEach = 15;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n)
        (i % 2 == 0 ? one : two)->write([](WriteTransaction& tx) {
          tx.events().record("client", "agent", {});
        });
    });
  }
  for (auto& thread : threads)
    thread.join();
  const auto page = one->read([](const ReadTransaction& tx) {
    return tx.events().history("client", "agent", {500, ""});
  });
  ASSERT_EQ(page.items.size(), static_cast<std::size_t>(kThreads * kEach));
  EXPECT_EQ(page.items.front().seq, kThreads * kEach);
}

TEST(Postgres, a_machines_write_that_asks_to_be_alone_meets_nobody) {
  const TestDatabase database;
  const auto store = database.open();
  constexpr int kThreads = 6;
  constexpr int kEach = 15;
  std::atomic<int> inside = 0;
  std::atomic<int> runs = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n)
        store->writeOf("agent " + std::to_string(i), [&](WriteTransaction& tx) {
          tx.alone();
          ++runs;
          tx.events().newest();
          EXPECT_EQ(++inside, 1);
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          --inside;
        });
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(runs, kThreads * kEach);
}

TEST(Postgres, a_key_that_is_taken_is_a_conflict_and_not_tried_for_ever) {
  const TestDatabase database;
  const auto store = database.open();
  const auto add = [&] {
    store->write([](WriteTransaction& tx) { tx.agents().addClient({"same", "Client", {}}, 1); });
  };
  add();
  const auto problem = refusal(add);
  EXPECT_EQ(problem.status, 409);
  EXPECT_EQ(problem.code, "store.conflict");
}

TEST(Postgres, a_session_that_lost_what_it_keeps_by_name_is_given_up_and_the_work_done_again) {
  const TestDatabase database;
  const auto store = database.open();
  Connection keeps(database.url());
  const auto newest = [&] { return keeps.query("SELECT COALESCE(MAX(seq), 0) FROM outbox").next(); };
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(newest());
  EXPECT_TRUE(keeps.usable());
  keeps.execute("DEALLOCATE ALL");
  EXPECT_THROW(newest(), RunAgain);
  EXPECT_FALSE(keeps.usable()) << "another one takes its place";
}

TEST(Postgres, who_asks_what_is_settled_of_a_session_that_lost_what_it_keeps_is_told_to_ask_again) {
  const TestDatabase database;
  const PostgresStore store(database.url(), systemClock(), {1, std::chrono::milliseconds(5'000)});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(store.settledEvents(), 0);
  database.connect()->execute("ALTER TABLE outbox ALTER COLUMN seq TYPE INTEGER");
  try {
    store.settledEvents();
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.code, "store.busy");
  }
  EXPECT_EQ(store.settledEvents(), 0);
}

TEST(Postgres, more_than_the_pool_has_wait_and_are_told_that_it_is_busy) {
  const TestDatabase database;
  PostgresStore store(database.url(), systemClock(), {1, std::chrono::milliseconds(50)});
  store.read([&](const ReadTransaction&) {
    std::thread([&] {
      const auto problem = refusal([&] { take(store, newId()); });
      EXPECT_EQ(problem.status, 503);
      EXPECT_EQ(problem.code, "store.busy");
      EXPECT_GT(problem.retry_after_s, 0);
    }).join();
  });
  EXPECT_TRUE(take(store, newId()));
}

TEST(Postgres, another_servers_commit_rings_here_too_also_after_the_line_was_cut) {
  std::atomic<int> rung = 0;
  const TestDatabase database;
  const auto here = database.open();
  const auto there = database.open();
  here->onOutbox([&] { ++rung; });
  const auto hears = [&] {
    const int before = rung;
    there->write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
    for (int i = 0; i < 1000 && rung == before; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return rung > before;
  };
  EXPECT_TRUE(hears());
  endEverybodyElse(database);
  EXPECT_TRUE(hears());
}

TEST(Postgres, another_servers_commit_is_told_to_whoever_asks_for_those_alone) {
  std::atomic<int> others = 0;
  const TestDatabase database;
  const auto here = database.open();
  const auto there = database.open();
  here->onOthers([&] { ++others; });
  here->onOutbox([] {});
  there->write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
  for (int i = 0; i < 1000 && others == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(others, 0);
}

TEST(Postgres, what_nobody_told_of_is_found_in_the_next_silence_also_behind_what_was_told) {
  std::atomic<int> rung = 0;
  const TestDatabase database;
  const auto here = database.open();
  const auto there = database.open();
  here->onOthers([&] { ++rung; });
  here->onOutbox([] {});
  const auto rings = [&](const std::function<void()>& what) {
    const int before = rung;
    what();
    for (int i = 0; i < 1000 && rung == before; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return rung > before;
  };
  const auto tell = [&] {
    there->write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
  };
  EXPECT_TRUE(rings(tell));
  EXPECT_TRUE(rings(tell)) << "by now it listens";
  EXPECT_TRUE(rings([&] {
    database.connect()->execute(
        "INSERT INTO outbox (at, client_id, agent_id, event, data) VALUES (1, 'c', '', 'agent', '{}')");
  }));
}

TEST(Postgres, what_others_wrote_before_anybody_listened_is_settled_too) {
  const TestDatabase database;
  const auto here = database.open();
  const auto there = database.open();
  const std::int64_t before = here->settledEvents();
  there->write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
  here->onOutbox([] {});
  EXPECT_GT(here->settledEvents(), before);
}

TEST(Postgres, who_follows_the_outbox_as_far_as_it_is_settled_misses_nothing_of_writers_side_by_side) {
  const TestDatabase database;
  const auto one = database.open();
  const auto two = database.open();
  constexpr int kMachines = 6;
  constexpr int kEach = 40;
  std::size_t followed = 0;
  std::int64_t last = 0;
  const auto follow = [&] {
    const std::int64_t up_to = one->settledEvents();
    const auto events = one->read([&](const ReadTransaction& tx) {
      return tx.events().after(last, 1'000, http::Visible::everything(), up_to);
    });
    followed += events.size();
    last = up_to;
  };
  std::vector<std::thread> machines;
  for (int i = 0; i < kMachines; ++i) {
    machines.emplace_back([&store = i % 2 == 0 ? *one : *two, agent = "agent " + std::to_string(i)] {
      for (int n = 0; n < kEach; ++n)
        store.writeOf(agent,
                      [](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
    });
  }
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      follow();
  });
  for (auto& machine : machines)
    machine.join();
  reader.request_stop();
  reader.join();
  follow();
  EXPECT_EQ(followed, static_cast<std::size_t>(kMachines * kEach));
}

// Who follows the outbox by its numbers misses nothing: a smaller one never appears behind a greater one.
TEST(Postgres, numbers_of_the_outbox_become_visible_in_their_order) {
  const TestDatabase database;
  const auto store = database.open();
  constexpr int kWriters = 4;
  constexpr int kEach = 40;
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&] {
      for (int n = 0; n < kEach; ++n)
        store->write([](WriteTransaction& tx) { tx.events().publish("c", "agent", Json::object(), 1); });
    });
  }
  std::size_t followed = 0;
  std::int64_t last = 0;
  const auto follow = [&] {
    for (const auto& event : store->read([&](const ReadTransaction& tx) {
           return tx.events().after(last, 1000, http::Visible::everything());
         })) {
      last = event.seq;
      ++followed;
    }
  };
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      follow();
  });
  for (auto& writer : writers)
    writer.join();
  reader.request_stop();
  reader.join();
  follow();
  EXPECT_EQ(followed, static_cast<std::size_t>(kWriters * kEach));
}

}  // namespace
}  // namespace redflag::store::postgres
