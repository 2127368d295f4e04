// Who is in contact, where several servers write it down.
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "store/agents.h"
#include "support/database.h"

namespace redflag::store {
namespace {

class Contacts : public ::testing::Test {
 protected:
  static constexpr int kAgents = 20;

  Contacts() {
    store_.write([&](WriteTransaction& tx) {
      agents_.clear();
      tx.agents().addClient({"client", "Client", {{"site", "Site"}}}, 1);
      tx.agents().addToken({"token", "client", "site", 100, 0, kAgents, "ada", 1000, false}, "hash");
      for (int i = 0; i < kAgents; ++i) {
        agents_.push_back(tx.agents()
                              .enrol({std::string(32, static_cast<char>('a' + i)), "host", "act", "1",
                                      "linux-x86_64", "Debian", "12"},
                                     "hash", 10)
                              .agent);
        tx.agents().touch(agents_.back(), 50);
      }
    });
  }
  std::size_t connected() {
    return store_.read(
        [](const ReadTransaction& tx) { return kAgents - tx.agents().withoutDoorbell().size(); });
  }
  // The client of the first agent where its doorbell changed; "" where not.
  std::string changed(WriteTransaction& tx, const std::string& server_id, bool connected, std::int64_t now) {
    const auto agents = tx.agents().setDoorbells({agents_[0].agent_id}, server_id, connected, now);
    return agents.empty() ? "" : agents[0].client_id;
  }

  testing::TestDatabase database_;
  const std::unique_ptr<Store> opened_ = database_.open();
  Store& store_ = *opened_;
  std::vector<AgentKey> agents_;
};

TEST_F(Contacts, of_two_servers_that_tell_of_a_silence_at_once_one_does) {
  const auto other = database_.open();
  std::vector<AgentKey> told[2];
  std::thread threads[2];
  for (int i = 0; i < 2; ++i) {
    threads[i] = std::thread([&mine = told[i], &at = i == 0 ? store_ : *other] {
      mine = at.write([](WriteTransaction& tx) { return tx.agents().takeUntoldSilence(50, kAgents); });
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(told[0].size() + told[1].size(), static_cast<std::size_t>(kAgents));
  EXPECT_TRUE(told[0].empty() || told[1].empty());
  store_.read([](const ReadTransaction& tx) { EXPECT_FALSE(tx.agents().hasUntoldSilence(50)); });
}

TEST_F(Contacts, so_many_silences_are_told_at_a_time_and_none_of_who_was_seen_since) {
  store_.write([&](WriteTransaction& tx) {
    tx.agents().touch(agents_[0], 51);
    EXPECT_EQ(tx.agents().takeUntoldSilence(50, 15).size(), 15U);
  });
  store_.write([&](WriteTransaction& tx) {
    const auto rest = tx.agents().takeUntoldSilence(50, 15);
    EXPECT_EQ(rest.size(), 4U);
    for (const auto& agent : rest)
      EXPECT_NE(agent.agent_id, agents_[0].agent_id);
    EXPECT_TRUE(tx.agents().takeUntoldSilence(50, 15).empty());
    tx.agents().touch(agents_[1], 52);
    EXPECT_EQ(tx.agents().takeUntoldSilence(52, 15).size(), 2U) << "the first, and another silence";
  });
}

TEST_F(Contacts, a_silence_that_a_clock_which_was_ahead_told_of_is_told_once) {
  store_.write([&](WriteTransaction& tx) {
    tx.agents().touch(agents_[0], 100);
    EXPECT_EQ(tx.agents().takeUntoldSilence(100, kAgents).size(), static_cast<std::size_t>(kAgents));
    tx.agents().touch(agents_[1], 101);
    tx.agents().seenByNow(60);
  });
  store_.write([&](WriteTransaction& tx) {
    const auto untold = tx.agents().takeUntoldSilence(60, kAgents);
    ASSERT_EQ(untold.size(), 1U) << "who was seen since";
    EXPECT_EQ(untold[0].agent_id, agents_[1].agent_id);
  });
}

TEST_F(Contacts, a_server_closes_its_own_doorbells_alone) {
  store_.write([&](WriteTransaction& tx) {
    EXPECT_EQ(changed(tx, "one", true, 60), agents_[0].client_id);
    EXPECT_EQ(changed(tx, "two", true, 61), agents_[0].client_id);
    EXPECT_EQ(changed(tx, "one", false, 62), "");
  });
  EXPECT_EQ(connected(), 1U);
  store_.write([&](WriteTransaction& tx) { EXPECT_EQ(changed(tx, "two", false, 63), agents_[0].client_id); });
  EXPECT_EQ(connected(), 0U);
}

TEST_F(Contacts, the_doorbells_of_many_change_at_once_and_those_of_nobody_do_not) {
  std::vector<std::string> ids = {"nobody"};
  for (std::size_t i = 0; i < kAgents - 1; ++i)
    ids.push_back(agents_[i].agent_id);
  store_.write([&](WriteTransaction& tx) {
    std::set<std::string> changed;
    for (const auto& agent : tx.agents().setDoorbells(ids, "one", true, 60)) {
      EXPECT_EQ(agent.client_id, "client");
      EXPECT_TRUE(changed.insert(agent.agent_id).second) << agent.agent_id << " twice";
    }
    EXPECT_EQ(changed, std::set<std::string>(ids.begin() + 1, ids.end()));
  });
  EXPECT_EQ(connected(), kAgents - 1U);
  store_.write([&](WriteTransaction& tx) { tx.agents().setDoorbells(ids, "one", false, 61); });
  EXPECT_EQ(connected(), 0U);
}

TEST_F(Contacts, many_are_heard_of_at_once) {
  std::vector<std::string> ids = {"nobody"};
  for (std::size_t i = 0; i < kAgents - 1; ++i)
    ids.push_back(agents_[i].agent_id);
  store_.write([&](WriteTransaction& tx) { tx.agents().touchAll(ids, 60); });
  store_.write([&](WriteTransaction& tx) {
    const auto untold = tx.agents().takeUntoldSilence(59, kAgents);
    ASSERT_EQ(untold.size(), 1U);
    EXPECT_EQ(untold[0].agent_id, agents_[kAgents - 1].agent_id);
  });
}

TEST_F(Contacts, a_server_that_was_renewed_meanwhile_is_not_forgotten) {
  store_.write([&](WriteTransaction& tx) {
    EXPECT_FALSE(tx.agents().renewServer({"one", 60}));
    tx.agents().setDoorbells({agents_[0].agent_id}, "one", true, 60);
    tx.agents().setDoorbells({agents_[1].agent_id}, "never", true, 60);
    EXPECT_TRUE(tx.agents().renewServer({"one", 70}));
    tx.agents().forgetServer({"one", 60});
    tx.agents().clearStrayDoorbells();
  });
  EXPECT_EQ(connected(), 1U) << "of a server that nobody knows it is nobody's";
  store_.write([&](WriteTransaction& tx) {
    tx.agents().forgetServer({"one", 70});
    EXPECT_TRUE(tx.agents().servers().empty());
  });
  EXPECT_EQ(connected(), 0U);
}

}  // namespace
}  // namespace redflag::store
