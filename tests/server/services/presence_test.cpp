#include <gtest/gtest.h>

#include "support/world.h"

namespace redflag::testing {
namespace {

// A store whose writes fail for a while.
class FailingStore : public store::Store {
 public:
  explicit FailingStore(store::Store& inner) : inner_(inner) {}
  void onOutbox(std::function<void()> listener) override { inner_.onOutbox(std::move(listener)); }
  bool fails = false;

 protected:
  void runRead(const std::function<void(const store::ReadTransaction&)>& work) const override {
    static_cast<const store::Store&>(inner_).read(work);
  }
  void runWrite(const std::function<void(store::WriteTransaction&)>& work) override {
    if (fails) throw http::Problem{503, "store.unavailable", "", "", 2};
    inner_.write(work);
  }

 private:
  store::Store& inner_;
};

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

TEST(Presence, an_agent_stays_connected_though_another_server_starts_or_says_that_it_left) {
  World world;
  services::Presence& here = world.services.presence;
  services::Presence elsewhere(world.services.context());
  const auto agent = world.enrol();
  const auto connection = [&] {
    world.clock.advance_s(3600);
    return world.store.read([&](const store::ReadTransaction& tx) {
      return tx.agents()
          .find(agent.agent_id, http::Visible::everything(), world.services.context().contact())
          ->connection;
    });
  };
  here.forgetAll();
  here.agentConnected(agent.agent_id);
  world.streams.listening = {agent.agent_id};
  const auto entries = world.history(agent).size();
  elsewhere.forgetAll();
  EXPECT_EQ(connection(), "silent");
  here.announceSilent();
  EXPECT_EQ(connection(), "connected");
  elsewhere.agentDisconnected(agent.agent_id);
  world.clock.advance_s(3600);
  here.announceSilent();
  EXPECT_EQ(connection(), "connected");
  EXPECT_EQ(world.history(agent).size(), entries) << "nobody was told that it is silent";
  world.streams.listening.clear();
  here.agentDisconnected(agent.agent_id);
  here.announceSilent();
  EXPECT_EQ(connection(), "silent");
}

}  // namespace
}  // namespace redflag::testing
