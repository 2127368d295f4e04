#include "swarm/operator.h"

#include <gtest/gtest.h>

namespace redflag::swarm {
namespace {

Json ordered(const std::string& id, const std::string& agent_id) {
  return {{"id", id}, {"agent_id", agent_id}, {"type", "scan"}, {"state", "queued"}};
}

TEST(Promises, that_are_new_are_kept_and_their_agents_are_waited_for) {
  Ledger ledger;
  std::set<std::string> command_ids;
  ledger.asked({"a", "b"}, 10);
  takePromises(Json::array({ordered("one", "a"), ordered("two", "b")}), 10, command_ids, ledger);
  EXPECT_EQ(command_ids, (std::set<std::string>{"one", "two"}));
  EXPECT_EQ(ledger.rung("a"), 10);
  EXPECT_EQ(ledger.begun("b"), 10);
}

TEST(Promises, of_an_order_that_is_under_way_already_ring_nobody) {
  Ledger ledger;
  std::set<std::string> command_ids;
  ledger.asked({"a"}, 10);
  takePromises(Json::array({ordered("one", "a")}), 10, command_ids, ledger);
  ASSERT_EQ(ledger.begun("a"), 10);
  ledger.asked({"a", "b"}, 20);
  takePromises(Json::array({ordered("one", "a"), ordered("two", "b")}), 20, command_ids, ledger);
  EXPECT_EQ(ledger.rung("a"), std::nullopt) << "nothing was ordered that would ring it";
  EXPECT_EQ(ledger.begun("a"), std::nullopt);
  EXPECT_EQ(ledger.rung("b"), 20);
  EXPECT_EQ(command_ids.size(), 2U);
}

TEST(Promises, of_an_order_that_its_agent_has_not_begun_leave_it_waited_for_since_the_first) {
  Ledger ledger;
  std::set<std::string> command_ids;
  ledger.asked({"a"}, 10);
  takePromises(Json::array({ordered("one", "a")}), 10, command_ids, ledger);
  ledger.asked({"a"}, 20);
  takePromises(Json::array({ordered("one", "a")}), 20, command_ids, ledger);
  EXPECT_EQ(ledger.rung("a"), 10);
  EXPECT_EQ(ledger.begun("a"), 10);
}

}  // namespace
}  // namespace redflag::swarm
