// Orders on a machine whose disk takes nothing for a while: nothing is lost, and nothing is done twice.
#include "orders_fixture.h"
#include "sqlite/database.h"

namespace redflag::kernel {
namespace {

class FullDisk : public test::OrdersTest {
 protected:
  void renameTable(const char* file, const char* from, const char* to) const {
    auto database = sqlite::Database::open(folder_.path() / file).value();
    ASSERT_TRUE(database.execute(std::string("ALTER TABLE ") + from + " RENAME TO " + to));
  }
  bool waitForScans(std::size_t count) {
    for (int i = 0; i < 500; ++i) {
      queue_->report();
      {
        const std::lock_guard lock(scanner_.mutex);
        if (scanner_.scans.size() >= count) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
};

TEST_F(FullDisk, an_outcome_that_the_journal_did_not_take_is_told_later_and_the_order_not_run_again) {
  scanner_.hold = true;
  queue_->start();
  ASSERT_TRUE(take(scanOrder()));
  ASSERT_TRUE(scanner_.waitForScans(1));
  renameTable("orders.db", "orders", "away");
  scanner_.release();
  queue_->stop();  // waits for the order that runs
  EXPECT_EQ(spool_.states("scan-order"), "accepted running");
  queue_->report();
  renameTable("orders.db", "away", "orders");
  queue_->report();
  EXPECT_EQ(spool_.states("scan-order"), "accepted running succeeded");
  EXPECT_EQ(outcome("scan-order").at("results"), Json::parse(R"([{"scans":["scan-1"]}])"));
  end();
  begin(true);
  queue_->start();
  ASSERT_TRUE(take(scanOrder()));
  queue_->stop();
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_F(FullDisk, a_result_that_the_spool_did_not_take_stays_with_the_executor_and_is_asked_for_again) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  ASSERT_TRUE(take(installOrder()));
  const OrderEvent result{"result", "install", "event-9", 0, "succeeded", "", "", -1, Json::array(), {}};
  renameTable("spool.db", "item", "away");
  EXPECT_FALSE(desk_->onExecutor(result));
  EXPECT_TRUE(runner_.acked.empty());
  runner_.next = result;
  EXPECT_FALSE(take(installOrder())) << "as an answer it is asked for again as well";
  renameTable("spool.db", "away", "item");
  EXPECT_TRUE(desk_->onExecutor(result));
  EXPECT_EQ(runner_.acked, std::vector<std::string>{"install"});
  EXPECT_EQ(spool_.states("install"), "accepted succeeded");
}

TEST_F(FullDisk, a_proof_whose_scan_could_not_be_kept_is_made_later) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  scanner_.scan_error = Error{Code::kIo, "no space left on the device"};
  queue_->start();
  ASSERT_TRUE(take(installOrder()));
  ASSERT_TRUE(desk_->onExecutor({"result", "install", "event-9", 0, "succeeded", "", "", -1, {}, {}}));
  ASSERT_TRUE(waitForScans(2));
  EXPECT_EQ(journal_->verifyDue()->size(), 1U);
  std::size_t scanned = 0;
  {
    const std::lock_guard lock(scanner_.mutex);
    scanner_.scan_error.reset();
    scanned = scanner_.scans.size();
  }
  ASSERT_TRUE(waitForScans(scanned + 1));
  queue_->stop();
  EXPECT_TRUE(journal_->verifyDue()->empty());
}

class OrdersWithoutEnd : public test::OrdersTest {};

TEST_F(OrdersWithoutEnd, are_left_to_the_server_until_those_that_wait_have_run) {
  const std::string much(1U << 20U, ' ');
  const auto big = [&](int number) {
    return order("order-" + std::to_string(number), {{"kernel", "scan", "{" + much + "}"}});
  };
  scanner_.hold = true;
  queue_->start();
  int taken = 0;
  while (taken < 40 && take(big(taken)))
    ++taken;
  EXPECT_GE(taken, 10);
  EXPECT_LT(taken, 20) << "sixteen megabytes, and what runs";
  EXPECT_FALSE(journal_->find("order-" + std::to_string(taken))->has_value());
  EXPECT_TRUE(take(order("cancel", {{"kernel", "cancel", R"({"command_id":"order-5"})"}})))
      << "cancelling makes room";
  EXPECT_TRUE(take(big(taken)));
  scanner_.release();
}

}  // namespace
}  // namespace redflag::kernel
