#include "orders_fixture.h"

namespace redflag::kernel {
namespace {

class FullExecutor : public test::OrdersTest {};

TEST_F(FullExecutor, is_given_no_more_until_one_has_ended) {
  runner_.room = 2;
  runner_.next.event = "accepted";
  const auto submit = [&](const std::string& id) {
    runner_.next.command_id = runner_.next.id = id;
    return take(installOrder(id));
  };
  EXPECT_TRUE(submit("one"));
  EXPECT_TRUE(submit("two"));
  EXPECT_FALSE(desk_->executorFull());
  EXPECT_FALSE(submit("three"));
  EXPECT_TRUE(desk_->executorFull());
  for (int tick = 0; tick < 3; ++tick) {
    EXPECT_FALSE(submit("three"));
    EXPECT_FALSE(submit("four"));
  }
  EXPECT_EQ(runner_.submitted.size(), 3U) << "the one that showed it is full, and no other";
  EXPECT_TRUE(take(scanOrder())) << "the kernel's own orders go on";

  runner_.room = 3;
  OrderEvent ended;
  ended.event = "result";
  ended.command_id = "one";
  ended.id = "ended";
  ended.state = "failed";
  desk_->onExecutor(ended);
  EXPECT_EQ(room_again_, 1) << "what was left out is fetched anew";
  EXPECT_FALSE(desk_->executorFull());
  EXPECT_TRUE(submit("three"));
  EXPECT_FALSE(submit("four"));
  desk_->onExecutor(ended);
  clock_.now_ns += 601 * kSecondNs;
  EXPECT_FALSE(desk_->executorFull()) << "it is not believed for ever";
}

class SlowExecutor : public test::OrdersTest {};

TEST_F(SlowExecutor, is_not_asked_about_each_of_many_orders) {
  runner_.there = false;
  runner_.while_asked = [this] { clock_.now_ns += 10 * kSecondNs; };
  const auto one = installOrder("one");
  EXPECT_FALSE(take(one));
  EXPECT_FALSE(take(installOrder("two")));
  EXPECT_FALSE(take(one));
  EXPECT_EQ(runner_.submitted.size(), 1U) << "the one that showed it does not answer";
  EXPECT_TRUE(take(scanOrder())) << "the kernel's own orders go on";
  clock_.now_ns += 20 * kSecondNs;
  runner_.there = true;
  runner_.next = {"accepted", "one", "event-1", 0, "", "", "", -1, {}, {}};
  EXPECT_TRUE(take(one));
  EXPECT_EQ(spool_.states("one"), "accepted");
}

}  // namespace
}  // namespace redflag::kernel
