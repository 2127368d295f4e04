#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "support/world.h"

namespace redflag::testing {
namespace {

// A store whose writes fail for a while, or are held up.
class FailingStore : public store::Store {
 public:
  explicit FailingStore(store::Store& inner) : inner_(inner) {}
  std::int64_t settledEvents() const override { return inner_.settledEvents(); }
  void onOutbox(std::function<void()> listener) override { inner_.onOutbox(std::move(listener)); }
  std::atomic<bool> fails = false;
  std::mutex held_up;  // by whoever has it
  std::atomic<int> writes = 0;
  std::set<std::string> owners;  // of the writes

 protected:
  void runRead(const std::function<void(const store::ReadTransaction&)>& work) const override {
    static_cast<const store::Store&>(inner_).read(work);
  }
  void runWrite(const std::string& whose,
                const std::function<void(store::WriteTransaction&)>& work) override {
    ++writes;
    {
      const std::lock_guard lock(held_up);
      owners.insert(whose);
    }
    if (fails) throw http::Problem{503, "store.unavailable", "", "", 2};
    inner_.writeOf(whose, work);
  }

 private:
  store::Store& inner_;
};

std::set<std::string> silentIn(World& world) {
  return world.store.read([](const store::ReadTransaction& tx) { return tx.agents().withoutDoorbell(); });
}

TEST(Presence, an_agent_that_left_while_the_store_was_away_is_noted_when_it_is_back) {
  World world;
  FailingStore store(world.store);
  services::Context context = world.services.context();
  const services::Context failing{store,         context.types, context.signer, context.bundle,
                                  context.epoch, context.bell,  context.clock,  context.settings};
  services::Presence presence(failing);
  const auto agent = world.enrol();
  const auto connection = [&] {
    world.clock.advance_s(3600);
    return world.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents().find(agent.agent_id, http::Visible::everything(), failing.contact())->connection;
    });
  };
  presence.agentConnected(agent.agent_id);
  EXPECT_EQ(connection(), "connected");
  store.fails = true;
  EXPECT_THROW(presence.agentDisconnected(agent.agent_id), http::Problem);
  EXPECT_THROW(presence.announceSilent(), http::Problem);
  EXPECT_EQ(connection(), "connected");
  store.fails = false;
  presence.announceSilent();
  EXPECT_EQ(connection(), "silent");
}

TEST(Presence, an_agent_that_came_back_first_stays_connected) {
  World world;
  FailingStore store(world.store);
  services::Context context = world.services.context();
  const services::Context failing{store,         context.types, context.signer, context.bundle,
                                  context.epoch, context.bell,  context.clock,  context.settings};
  services::Presence presence(failing);
  const auto agent = world.enrol();
  store.fails = true;
  EXPECT_THROW(presence.agentDisconnected(agent.agent_id), http::Problem);
  store.fails = false;
  presence.agentConnected(agent.agent_id);
  presence.announceSilent();
  world.clock.advance_s(3600);
  world.store.read([&](const store::ReadTransaction& tx) {
    EXPECT_EQ(tx.agents().find(agent.agent_id, http::Visible::everything(), failing.contact())->connection,
              "connected");
  });
}

class Many : public ::testing::Test {
 protected:
  static constexpr std::size_t kAgents = 12;

  Many() {
    for (std::size_t i = 0; i < kAgents; ++i)
      agents_.push_back(world_.enrol("host-" + std::to_string(i)).agent_id);
    store_.writes = 0;
  }
  // What the others have to note while the first one's write is held up.
  void whileOneWrites(const std::function<void()>& first, const std::function<void()>& others) {
    store_.writes = 0;
    store_.held_up.lock();
    std::thread writing(first);
    while (store_.writes == 0)
      std::this_thread::yield();
    std::atomic<bool> done = false;
    std::thread coming([&] {
      others();
      done = true;
    });
    for (int i = 0; i < 500 && !done; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(done) << "they wait for the one who writes";
    store_.held_up.unlock();
    writing.join();
    coming.join();
  }
  void connectFrom(std::size_t first) {
    for (std::size_t i = first; i < agents_.size(); ++i)
      presence_.agentConnected(agents_[i]);
  }

  World world_;
  FailingStore store_{world_.store};
  const services::Context& inner_ = world_.services.context();
  const services::Context context_{store_,       inner_.types, inner_.signer, inner_.bundle,
                                   inner_.epoch, inner_.bell,  inner_.clock,  inner_.settings};
  services::Presence presence_{context_};
  std::vector<std::string> agents_;
};

TEST_F(Many, who_connects_while_the_store_is_busy_is_noted_together) {
  whileOneWrites([this] { presence_.agentConnected(agents_[0]); }, [this] { connectFrom(1); });
  EXPECT_EQ(silentIn(world_), std::set<std::string>()) << "who writes takes the others along";
  EXPECT_EQ(store_.writes, 2);
  for (const auto& agent_id : agents_)
    presence_.seen(agent_id);
  EXPECT_EQ(store_.writes, 2) << "that they were heard of is written with their doorbells";
}

TEST_F(Many, who_leaves_or_is_heard_of_while_the_store_is_busy_is_noted_together) {
  connectFrom(0);
  ASSERT_EQ(silentIn(world_), std::set<std::string>());
  world_.clock.advance_s(60);
  whileOneWrites([this] { presence_.agentDisconnected(agents_[0]); },
                 [this] {
                   presence_.seen(agents_[1]);
                   for (std::size_t i = 2; i < agents_.size(); ++i)
                     presence_.agentDisconnected(agents_[i]);
                 });
  EXPECT_EQ(silentIn(world_).size(), kAgents - 1);
  EXPECT_EQ(store_.writes, 2);
  world_.store.read([&](const store::ReadTransaction& tx) {
    const auto agent = tx.agents().find(agents_[1], http::Visible::everything(), inner_.contact());
    EXPECT_EQ(agent->last_seen_at, world_.clock.now);
  });
}

TEST_F(Many, who_connects_beside_a_write_that_fails_is_noted_once_the_store_is_back) {
  store_.fails = true;
  const auto refused = [this] {
    EXPECT_THROW(presence_.agentConnected(agents_[0]), http::Problem);
    presence_.agentRefused(agents_[0]);
  };
  whileOneWrites(refused, [this] { connectFrom(1); });
  EXPECT_EQ(store_.writes, 1);
  EXPECT_EQ(silentIn(world_).size(), kAgents);
  store_.fails = false;
  presence_.announceSilent();
  EXPECT_EQ(silentIn(world_), std::set<std::string>{agents_[0]});
}

TEST_F(Many, whoever_left_is_noted_at_the_end_at_the_latest) {
  connectFrom(0);
  store_.fails = true;
  EXPECT_THROW(presence_.agentDisconnected(agents_[0]), http::Problem);
  EXPECT_THROW(presence_.end(), http::Problem);
  store_.fails = false;
  presence_.end();
  EXPECT_EQ(silentIn(world_), std::set<std::string>{agents_[0]});
}

TEST_F(Many, what_the_store_could_not_take_is_noted_with_the_next) {
  store_.fails = true;
  EXPECT_THROW(presence_.agentConnected(agents_[0]), http::Problem);
  EXPECT_THROW(presence_.agentConnected(agents_[1]), http::Problem);
  presence_.agentRefused(agents_[1]);
  store_.fails = false;
  presence_.agentConnected(agents_[2]);
  const auto silent = silentIn(world_);
  EXPECT_FALSE(silent.contains(agents_[0]));
  EXPECT_TRUE(silent.contains(agents_[1])) << "it was refused";
  EXPECT_FALSE(silent.contains(agents_[2]));
}

TEST_F(Many, who_is_refused_counts_as_gone_although_it_was_noted_again_meanwhile) {
  store_.fails = true;
  EXPECT_THROW(presence_.agentConnected(agents_[0]), http::Problem);
  store_.fails = false;
  world_.streams.listening = {agents_[0]};  // its doorbell is taken down in a moment
  presence_.announceSilent();
  EXPECT_FALSE(silentIn(world_).contains(agents_[0]));
  world_.streams.listening.clear();
  presence_.agentRefused(agents_[0]);
  presence_.announceSilent();
  EXPECT_TRUE(silentIn(world_).contains(agents_[0]));
}

TEST_F(Many, who_left_for_another_server_and_is_heard_of_here_counts_as_seen) {
  services::Presence elsewhere(context_);
  elsewhere.agentConnected(agents_[0]);
  store_.fails = true;
  EXPECT_THROW(presence_.agentDisconnected(agents_[0]), http::Problem);
  store_.fails = false;
  world_.clock.advance_s(kHour);
  presence_.seen(agents_[0]);
  world_.store.read([&](const store::ReadTransaction& tx) {
    const auto agent = tx.agents().find(agents_[0], http::Visible::everything(), inner_.contact());
    EXPECT_EQ(agent->last_seen_at, world_.clock.now);
  });
  EXPECT_FALSE(silentIn(world_).contains(agents_[0])) << "the other one holds its doorbell";
}

TEST_F(Many, two_servers_that_note_the_same_agents_take_turns) {
  services::Presence elsewhere(context_);
  presence_.agentConnected(agents_[0]);
  elsewhere.seen(agents_[0]);
  elsewhere.agentConnected(agents_[1]);
  presence_.seen(agents_[1]);
  EXPECT_EQ(store_.owners.size(), 1U) << "both would hold one of two agents and wait for the other";
}

std::int64_t toldSilent(World& world, const store::AgentKey& agent) {
  const auto history = world.history(agent);
  return std::count_if(history.begin(), history.end(),
                       [](const auto& entry) { return entry.kind == "agent.silent"; });
}

TEST(Presence, an_agent_that_fell_silent_while_the_store_was_away_is_told_of_when_it_is_back) {
  World world;
  FailingStore store(world.store);
  services::Context context = world.services.context();
  const services::Context failing{store,         context.types, context.signer, context.bundle,
                                  context.epoch, context.bell,  context.clock,  context.settings};
  services::Presence presence(failing);
  presence.begin(true);
  const auto agent = world.enrol();
  presence.seen(agent.agent_id);
  world.clock.advance_s(kHour);
  store.fails = true;
  EXPECT_THROW(presence.announceSilent(), http::Problem);
  EXPECT_EQ(toldSilent(world, agent), 0);
  store.fails = false;
  presence.announceSilent();
  presence.announceSilent();
  EXPECT_EQ(toldSilent(world, agent), 1);
}

TEST(Presence, E9_G11_an_agent_that_falls_silent_is_told_of_although_the_clock_was_ahead) {
  for (const bool restarted : {false, true}) {
    World world;
    services::Presence before(world.services.context());
    services::Presence after(world.services.context());
    services::Presence& presence = restarted ? after : before;
    const auto agent = world.enrol();
    const auto connection = [&] {
      return world.store.read([&](const store::ReadTransaction& tx) {
        return tx.agents()
            .find(agent.agent_id, http::Visible::everything(), world.services.context().contact())
            ->connection;
      });
    };
    before.begin(true);
    world.clock.turn_s(40 * kDay);
    before.seen(agent.agent_id);
    before.announceSilent();
    world.clock.turn_s(-40 * kDay);
    if (restarted) after.begin(true);
    presence.announceSilent();
    EXPECT_EQ(connection(), "connected") << restarted;
    EXPECT_EQ(toldSilent(world, agent), 0) << restarted;
    world.clock.advance_s(kHour);
    presence.announceSilent();
    EXPECT_EQ(connection(), "silent") << restarted;
    EXPECT_EQ(toldSilent(world, agent), 1) << restarted;
  }
}

// Of several servers on one database.
class SeveralServers : public ::testing::Test {
 protected:
  SeveralServers() : here_(world_.services.context()), elsewhere_(world_.services.context()) {
    here_.begin(false);
    elsewhere_.begin(false);
  }
  store::Agent agent() {
    return *world_.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents().find(agent_.agent_id, http::Visible::everything(),
                              world_.services.context().contact());
    });
  }
  // An hour later, when only a doorbell counts.
  std::string connection() {
    world_.clock.advance_s(kHour);
    return agent().connection;
  }
  std::int64_t told() { return toldSilent(world_, agent_); }

  World world_;
  services::Presence here_;
  services::Presence elsewhere_;
  const store::AgentKey agent_ = world_.enrol();
};

TEST_F(SeveralServers, one_that_starts_takes_no_doorbell_from_one_that_is_at_work) {
  here_.agentConnected(agent_.agent_id);
  services::Presence started(world_.services.context());
  started.begin(false);
  EXPECT_EQ(connection(), "connected");
}

TEST_F(SeveralServers, one_that_starts_takes_those_that_no_server_holds) {
  services::Presence unknown(world_.services.context());
  unknown.agentConnected(agent_.agent_id);
  EXPECT_EQ(connection(), "connected");
  services::Presence started(world_.services.context());
  started.begin(false);
  EXPECT_EQ(connection(), "silent");
}

TEST_F(SeveralServers, one_that_is_alone_takes_what_it_held_before_it_was_killed) {
  here_.agentConnected(agent_.agent_id);
  services::Presence started(world_.services.context());
  started.begin(true);
  EXPECT_EQ(connection(), "silent");
}

TEST_F(SeveralServers, an_agent_that_left_one_for_another_stays_connected) {
  elsewhere_.agentConnected(agent_.agent_id);
  here_.agentConnected(agent_.agent_id);
  elsewhere_.agentDisconnected(agent_.agent_id);
  EXPECT_EQ(connection(), "connected");
  here_.agentDisconnected(agent_.agent_id);
  EXPECT_EQ(connection(), "silent");
}

TEST_F(SeveralServers, an_agent_that_leaves_the_newer_of_two_doorbells_stays_connected) {
  here_.agentConnected(agent_.agent_id);
  world_.streams.listening = {agent_.agent_id};
  elsewhere_.agentConnected(agent_.agent_id);
  elsewhere_.agentDisconnected(agent_.agent_id);
  world_.clock.advance_s(kHour);
  here_.announceSilent();
  EXPECT_EQ(connection(), "connected");
  EXPECT_EQ(told(), 0);
}

TEST_F(SeveralServers, what_one_held_that_is_gone_is_nobodys_and_counts_as_seen_until_then) {
  elsewhere_.agentConnected(agent_.agent_id);
  world_.clock.advance_s(kHour);
  elsewhere_.announceSilent();
  const std::int64_t renewed_at = world_.clock.now;
  here_.announceSilent();
  world_.clock.advance_s(119);
  here_.announceSilent();
  EXPECT_LT(agent().last_seen_at, renewed_at) << "its doorbell is there";
  world_.clock.advance_s(31);
  here_.announceSilent();
  EXPECT_EQ(agent().last_seen_at, renewed_at);
  EXPECT_EQ(agent().connection, "connected");
  EXPECT_EQ(told(), 0);
  EXPECT_EQ(connection(), "silent");
  here_.announceSilent();
  EXPECT_EQ(told(), 1);
}

TEST_F(SeveralServers, what_one_held_whose_clock_was_ahead_counts_as_seen_by_now) {
  elsewhere_.agentConnected(agent_.agent_id);
  here_.announceSilent();
  world_.clock.turn_s(kDay);
  world_.clock.advance_s(60);
  elsewhere_.announceSilent();
  world_.clock.turn_s(-kDay);
  here_.announceSilent();
  world_.clock.advance_s(150);
  here_.announceSilent();
  EXPECT_EQ(agent().last_seen_at, world_.clock.now);
  EXPECT_EQ(connection(), "silent");
}

TEST_F(SeveralServers, one_that_goes_on_is_never_gone) {
  elsewhere_.agentConnected(agent_.agent_id);
  for (int i = 0; i < 10; ++i) {
    world_.clock.advance_s(60);
    elsewhere_.announceSilent();
    here_.announceSilent();
  }
  EXPECT_EQ(connection(), "connected");
}

TEST_F(SeveralServers, one_that_was_taken_for_gone_notes_its_agents_again_at_once) {
  here_.agentConnected(agent_.agent_id);
  for (int i = 0; i < 3; ++i) {
    elsewhere_.announceSilent();
    world_.clock.advance_s(100);
  }
  elsewhere_.announceSilent();
  ASSERT_EQ(connection(), "silent");
  world_.streams.listening = {agent_.agent_id};
  here_.announceSilent();
  EXPECT_EQ(connection(), "connected");
  EXPECT_EQ(told(), 0);
}

TEST_F(SeveralServers, tell_of_one_silence_once_and_of_the_next_one_again) {
  for (int silence = 1; silence <= 2; ++silence) {
    world_.clock.advance_s(kHour);
    for (services::Presence* each : {&here_, &elsewhere_, &here_})
      each->announceSilent();
    EXPECT_EQ(told(), silence);
    here_.seen(agent_.agent_id);
  }
}

TEST_F(SeveralServers, one_that_has_just_started_tells_of_nobody_who_may_still_come_back) {
  world_.clock.advance_s(kHour);
  services::Presence started(world_.services.context());
  started.begin(false);
  started.announceSilent();
  EXPECT_EQ(told(), 0);
  world_.clock.advance_s(10 * 60);
  started.announceSilent();
  EXPECT_EQ(told(), 1);
}

}  // namespace
}  // namespace redflag::testing
