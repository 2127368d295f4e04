#include "services/other_servers.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/world.h"

namespace redflag::testing {
namespace {

// Rung on any thread.
class CountedRings : public http::Streams {
 public:
  void ring(const std::string&) override { ++rings; }
  void outboxGrew() override {}
  bool connected(const std::string&) const override { return false; }
  std::vector<std::string> connectedAgents() const override { return {}; }
  std::atomic<int> rings = 0;
};

std::string orderScan(World& world, const store::AgentKey& agent, const std::string& plugin) {
  return world.services.orders.order("scan", {agent.agent_id}, {{"plugins", {plugin}}}, world.technician)
      .front()
      .id;
}

TEST(OtherServers, are_rung_for_once_for_what_they_have_queued_and_for_nothing_else) {
  World world;
  const auto agent = world.enrol();
  orderScan(world, agent, "apt");
  CountedRings here;
  services::Bell bell;
  bell.connect(here);
  services::OtherServers others(world.store, bell);
  others.look();
  EXPECT_EQ(here.rings, 0) << "it was queued before";
  world.store.write([&](store::WriteTransaction& tx) {
    for (int i = 0; i < 1'000; ++i)
      tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, world.clock.now);
  });
  const std::string id = orderScan(world, agent, "viewonly");
  others.look();
  EXPECT_EQ(here.rings, 1);
  others.look();
  EXPECT_EQ(world.services.orders.fetch(agent).size(), 2U);
  world.mustTake(agent, {world.stateItem(id, "accepted")});
  others.look();
  EXPECT_EQ(here.rings, 1);
}

TEST(OtherServers, are_heard_of_where_several_have_one_database) {
  World world;
  if (world.database.url().empty()) return;  // one server has it alone
  CountedRings here;
  services::Bell bell;
  bell.connect(here);
  const auto store = world.database.open(world.clock);
  services::Services server({*store, builtInTypes(), world.signer, nullptr, nullptr, bell, world.clock});
  orderScan(world, world.enrol(), "apt");
  for (int i = 0; i < 1'000 && here.rings == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_GT(here.rings, 0);
}

}  // namespace
}  // namespace redflag::testing
