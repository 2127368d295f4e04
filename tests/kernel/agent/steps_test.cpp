#include "agent/steps.h"

#include <gmock/gmock.h>

namespace redflag::kernel {
namespace {

using testing::ElementsAre;

class StepsTest : public testing::Test {
 protected:
  void add(const std::string& name, bool works = true) {
    steps_.add(
        name,
        [this, name, works]() -> Result<> {
          log_.push_back("+" + name);
          if (!works) return fail(Code::kConflict, "taken");
          return {};
        },
        [this, name] { log_.push_back("-" + name); });
  }
  Steps steps_;
  std::vector<std::string> log_;
};

TEST_F(StepsTest, are_undone_in_reverse) {
  add("a");
  add("b");
  ASSERT_TRUE(steps_.start());
  steps_.stop();
  steps_.stop();
  EXPECT_THAT(log_, ElementsAre("+a", "+b", "-b", "-a"));
}

TEST_F(StepsTest, undo_what_was_done_when_one_fails_and_name_it) {
  add("a");
  add("lock", false);
  add("c");
  const auto started = steps_.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kConflict);
  EXPECT_EQ(started.error().text, "lock: taken");
  EXPECT_THAT(log_, ElementsAre("+a", "+lock", "-a"));
}

}  // namespace
}  // namespace redflag::kernel
