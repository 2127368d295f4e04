#include "services/handed_trust.h"

#include <gtest/gtest.h>

#include "support/world.h"
#include "trust/set_back.h"

namespace redflag::testing {
namespace {

services::Context serverIn(const World& world, const Folder& folder) {
  services::Context context = world.services.context();
  context.data = folder / "";
  return context;
}

TEST(HandedTrust, E6_is_shared_by_the_servers_of_one_database_whichever_heard_it) {
  World world;
  const Folder one;
  const Folder other;
  const services::Context first = serverIn(world, one);
  const services::Context second = serverIn(world, other);
  EXPECT_EQ(services::shareHandedTrust(first), "");
  EXPECT_FALSE(trust::readSetBack(trust::marksIn(first.data).behind)) << "nothing was heard";
  trust::writeSetBack(trust::marksIn(first.data).behind,
                      {{1, 9, 0, 0, 0}, {1, 3, 0, 0, 0}, "agent-1", world.clock.now});
  EXPECT_EQ(services::shareHandedTrust(first), "");
  EXPECT_EQ(services::shareHandedTrust(second), "");
  const auto mark = trust::readSetBack(trust::marksIn(second.data).behind);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->seen.targets, 9);
  EXPECT_NE(trust::whyHeldBack(trust::marksIn(second.data), {1, 9, 0, 0, 0}), "")
      << "who is not behind waits, too, until somebody has looked";
}

TEST(HandedTrust, E6_that_cannot_be_read_is_told_instead_of_passed_over) {
  World world;
  const Folder folder;
  world.store.write([](store::WriteTransaction& tx) { tx.agents().setHandedTrust("not what was written"); });
  EXPECT_NE(services::shareHandedTrust(serverIn(world, folder)), "");
}

}  // namespace
}  // namespace redflag::testing
