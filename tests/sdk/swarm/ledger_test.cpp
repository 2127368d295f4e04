#include "swarm/ledger.h"

#include <gtest/gtest.h>

namespace redflag::swarm {
namespace {

TEST(Ledger, knows_since_when_an_agent_is_waited_for_until_it_begins) {
  Ledger ledger;
  ledger.asked({"a", "b"}, 10);
  EXPECT_EQ(ledger.rung("a"), 10);
  EXPECT_EQ(ledger.begun("a"), 10);
  EXPECT_EQ(ledger.begun("a"), std::nullopt) << "one order begins once";
  EXPECT_EQ(ledger.begun("b"), 10) << "also without having rung";
  EXPECT_EQ(ledger.rung("b"), std::nullopt);
}

TEST(Ledger, counts_the_first_ring_only_and_the_oldest_wait) {
  Ledger ledger;
  ledger.asked({"a"}, 10);
  ledger.asked({"a"}, 20);
  EXPECT_EQ(ledger.rung("a"), 10);
  EXPECT_EQ(ledger.rung("a"), std::nullopt);
  EXPECT_EQ(ledger.begun("a"), 10);
}

TEST(Ledger, waits_for_nobody_after_a_request_that_came_to_nothing) {
  Ledger ledger;
  ledger.asked({"a", "b"}, 10);
  ledger.notAsked({"a"}, 10);
  EXPECT_EQ(ledger.begun("a"), std::nullopt);
  EXPECT_EQ(ledger.begun("b"), 10);
}

TEST(Ledger, waits_for_nothing_that_was_asked_for_while_the_fleet_came) {
  Ledger ledger;
  ledger.waitFrom(100);
  ledger.asked({"a", "b"}, 99);
  EXPECT_EQ(ledger.rung("a"), std::nullopt);
  EXPECT_EQ(ledger.begun("a"), std::nullopt);
  ledger.asked({"b"}, 100);
  EXPECT_EQ(ledger.begun("b"), 100);
}

TEST(Ledger, goes_on_waiting_since_an_earlier_request_when_a_later_one_comes_to_nothing) {
  Ledger ledger;
  ledger.asked({"a"}, 10);
  ledger.asked({"a"}, 20);
  ledger.notAsked({"a"}, 20);
  EXPECT_EQ(ledger.rung("a"), 10);
  EXPECT_EQ(ledger.begun("a"), 10);
}

}  // namespace
}  // namespace redflag::swarm
