// The checker is checked: what it must find is planted, one thing at a time.
#include "swarm/judge.h"

#include <gtest/gtest.h>

namespace redflag::swarm {
namespace {

AgentRecord sound() {
  AgentRecord record;
  record.sent_scans = {"a", "b", "c"};
  record.acknowledged_scans = {"a", "b"};
  record.executed = {{"order", 1}};
  record.told_state = {{"order", "succeeded"}};
  return record;
}

Verdict uploads(const AgentRecord& record, std::vector<std::string> stored) {
  Verdict verdict;
  judgeUploads("agent", record, {std::move(stored)}, verdict);
  return verdict;
}

Verdict orders(const AgentRecord& record, const std::string& state,
               std::set<std::string> promised = {"order"}) {
  Verdict verdict;
  judgeOrders({{"agent", record}}, {{"order", "scan", "agent", state, "ada"}}, promised, "scan", verdict);
  return verdict;
}

TEST(Judge, finds_nothing_where_all_is_well) {
  // An upload whose reply was lost may be there or not.
  for (const auto& stored : {std::vector<std::string>{"a", "b"}, {"c", "b", "a"}}) {
    const Verdict verdict = uploads(sound(), stored);
    EXPECT_EQ(verdict.lost() + verdict.duplicate(), 0);
    EXPECT_EQ(verdict.uploads.acknowledged, 2);
  }
  const Verdict verdict = orders(sound(), "succeeded");
  EXPECT_EQ(verdict.lost() + verdict.duplicate() + verdict.orders.unfinished, 0);
  EXPECT_EQ(verdict.orders.executed, 1);
  EXPECT_TRUE(verdict.findings.empty());
}

TEST(Judge, finds_an_acknowledged_upload_that_is_gone) {
  const Verdict verdict = uploads(sound(), {"a", "c"});
  EXPECT_EQ(verdict.lost(), 1);
  EXPECT_EQ(verdict.findings.front(), "scan b of agent agent: acknowledged, and not stored");
}

TEST(Judge, finds_an_upload_that_the_server_would_not_take) {
  AgentRecord record = sound();
  record.rejected_scans = {"c"};
  const Verdict verdict = uploads(record, {"a", "b"});
  EXPECT_EQ(verdict.lost(), 1);
  EXPECT_EQ(verdict.findings.front(), "scan c of agent agent: rejected");
}

TEST(Judge, finds_an_upload_that_is_there_twice_or_that_nobody_sent) {
  EXPECT_EQ(uploads(sound(), {"a", "b", "b"}).uploads.duplicate, 1);
  EXPECT_EQ(uploads(sound(), {"a", "b", "x"}).uploads.unknown, 1);
  EXPECT_EQ(uploads(sound(), {"a", "b", "x"}).duplicate(), 1);
}

TEST(Judge, finds_an_order_that_was_executed_twice) {
  AgentRecord record = sound();
  record.executed["order"] = 2;
  EXPECT_EQ(orders(record, "succeeded").duplicate(), 1);
}

TEST(Judge, finds_an_order_that_is_done_by_its_state_alone) {
  AgentRecord record = sound();
  record.executed.clear();
  EXPECT_EQ(orders(record, "succeeded").lost(), 1);
}

TEST(Judge, finds_an_end_that_the_server_took_and_forgot) {
  EXPECT_EQ(orders(sound(), "running").lost(), 1);
  EXPECT_EQ(orders(sound(), "failed").lost(), 1) << "another end than was told";
  EXPECT_EQ(orders(sound(), "expired").lost(), 1) << "but executed";
}

TEST(Judge, finds_orders_that_were_promised_and_are_not_there_and_the_other_way_round) {
  Verdict gone;
  judgeOrders({}, {}, {"order"}, "scan", gone);
  EXPECT_EQ(gone.lost(), 1);
  EXPECT_EQ(orders(sound(), "succeeded", {}).duplicate(), 1) << "one wish, two orders";
  Verdict executed;
  judgeOrders({{"agent", sound()}}, {}, {}, "scan", executed);
  EXPECT_EQ(executed.lost(), 1);
}

TEST(Judge, finds_an_order_that_was_told_as_ended_and_is_not_there) {
  AgentRecord record = sound();
  record.executed.clear();
  record.told_state = {{"order", "refused"}};
  Verdict verdict;
  judgeOrders({{"agent", record}}, {}, {}, "", verdict);
  EXPECT_EQ(verdict.lost(), 1);
  EXPECT_EQ(verdict.findings.front(), "order order: told as refused, and not there");
}

TEST(Judge, says_of_a_run_that_nobody_judged_neither_that_something_was_lost_nor_that_nothing_was) {
  const Report unjudged = reportOf(std::nullopt, true);
  EXPECT_EQ(unjudged.dump(), R"({"judged":false,"settled":true})");
  const Report judged = reportOf(uploads(sound(), {"a", "c"}), false);
  EXPECT_EQ(judged["judged"], true);
  EXPECT_EQ(judged["settled"], false);
  EXPECT_TRUE(judged.dump().ends_with(R"("lost":1,"duplicate":0})")) << judged.dump();
}

TEST(Judge, counts_what_was_refused_and_what_is_not_finished) {
  AgentRecord idle = sound();
  idle.executed.clear();
  idle.told_state.clear();
  EXPECT_EQ(orders(idle, "refused").orders.not_executed, 1);
  EXPECT_EQ(orders(idle, "queued").orders.unfinished, 1);
  EXPECT_EQ(orders(idle, "queued").lost(), 0);
}

TEST(Judge, tells_a_copys_execution_from_a_second_one) {
  AgentRecord cloned = sound();
  cloned.cloned = true;
  cloned.executed_by_clone = {"order"};
  const Verdict verdict = orders(cloned, "succeeded");
  EXPECT_EQ(verdict.orders.cloned_twice, 1);
  EXPECT_EQ(verdict.lost() + verdict.duplicate(), 0);
}

}  // namespace
}  // namespace redflag::swarm
