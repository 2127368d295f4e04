// A fifth command type: a library in a folder, and no line of the server's own sources.
#include <gtest/gtest.h>

#include "protocol/envelope.h"
#include "support/world.h"

namespace redflag::testing {
namespace {

TEST(NewType, is_ordered_signed_and_finished_like_the_built_in_ones) {
  const std::filesystem::path build = REDFLAG_BUILD;
  commands::LoadedCommandTypes types({build / "command_types", build / "test_command_types"},
                                     std::make_shared<commands::HostRunner>(build / "bin" / "redflag-host"));
  ASSERT_TRUE(types.find("scan"));
  World world(&types);
  const auto agent = world.enrol();
  const auto command =
      world.services.orders.order("ping", {agent.agent_id}, {{"greeting", "hello"}}, world.technician)
          .front();
  EXPECT_EQ(command.title, "Ping");
  const auto keys = world.signer.publicKeys();
  const auto envelope = protocol::openEnvelope(
      world.services.orders.fetch(agent).at(0),
      [&](const std::string&) -> std::optional<std::string> { return keys[0].public_key; });
  ASSERT_TRUE(envelope);
  ASSERT_EQ(envelope->actions.size(), 1U);
  EXPECT_EQ(envelope->command_type, "ping");
  EXPECT_EQ(envelope->actions[0].action, "ping");
  EXPECT_EQ(envelope->actions[0].parameters, R"({"loud":true})");
  world.mustTake(agent, {world.stateItem(command.id, "succeeded", Json::array({{{"pong", true}}}))});
  EXPECT_TRUE(world.services.settlement.run());
  EXPECT_EQ(world.command(command.id).state, store::CommandState::kSucceeded);
}

}  // namespace
}  // namespace redflag::testing
