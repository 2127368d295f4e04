// The executor's own errors, which the agent tells the server of as it does of its own.
#include <spdlog/spdlog.h>

#include "local/log.h"
#include "local/noted_errors.h"
#include "orders_fixture.h"

namespace redflag::kernel {
namespace {

class ExecutorErrors : public test::OrdersTest {
 protected:
  ExecutorErrors() : before_(spdlog::default_logger()) {
    startLog("info", "stderr");
    notedErrors()->take();
  }
  ~ExecutorErrors() override { spdlog::set_default_logger(before_); }

 private:
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(ExecutorErrors, are_noted_with_their_code_and_report_no_order) {
  OrderEvent error;
  error.event = "error";
  error.code = "journal.failed";
  error.text = "no space left on the device";
  desk_->onExecutor(error);
  desk_->onExecutor(error);
  const auto noted = notedErrors()->take();
  ASSERT_EQ(noted.size(), 1U);
  EXPECT_EQ(noted[0].subsystem, "executor");
  EXPECT_EQ(noted[0].code, "journal.failed");
  EXPECT_EQ(noted[0].text, "no space left on the device");
  EXPECT_EQ(noted[0].times, 2);
  EXPECT_EQ(spool_.spool->count(), 0U) << "it is no state of any order";
}

}  // namespace
}  // namespace redflag::kernel
