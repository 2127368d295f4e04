// An agent's own errors on their way to the server: counted, few, and never lost to a spool that takes
// nothing.
#include "agent/told_errors.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "protocol/limits.h"

namespace redflag::kernel {
namespace {

class HandClock : public Clock {
 public:
  std::int64_t epochNs() const override { return 1'700'000'000 * kSecondNs + now; }
  std::int64_t monotonicNs() const override { return now; }
  std::int64_t now = kSecondNs;
};

class ListedSpool : public Spool {
 public:
  Result<> put(const SpoolItem& item) override {
    if (full_) return fail(Code::kLimit, "full");
    items.push_back(item);
    return {};
  }
  Result<std::vector<SpoolItem>> oldest(std::size_t, std::size_t) override { return items; }
  Result<> remove(const std::vector<std::string>&) override { return {}; }
  bool full() const override { return full_; }
  std::uint64_t count() const override { return items.size(); }
  std::uint64_t bytes() const override { return 0; }
  void onPut(std::function<void()>) override {}
  void onDisplaced(std::function<std::optional<SpoolItem>(const SpoolItem&)>) override {}

  std::vector<SpoolItem> items;
  bool full_ = false;
};

class ErrorsTold : public ::testing::Test {
 protected:
  void logged(const std::string& line) { noted_.note(line, clock_.epochNs()); }
  Json newest() const { return parseJson(spool_.items.back().body).value().at("errors"); }

  HandClock clock_;
  NotedErrors noted_;
  ListedSpool spool_;
  ToldErrors told_{noted_, spool_, clock_};
};

TEST_F(ErrorsTold, are_told_at_once_with_subsystem_code_time_and_how_often) {
  told_.tell();
  EXPECT_TRUE(spool_.items.empty()) << "nothing went wrong";
  logged("spool: spool.damaged: the spool was damaged");
  for (const char* id : {"01A", "01B", "01C"})
    logged("orders: order.failed: order " + std::string(id) + ": no disk");
  logged("something else: no code");
  told_.tell();
  ASSERT_EQ(spool_.items.size(), 1U);
  EXPECT_EQ(spool_.items[0].kind, "errors");
  EXPECT_EQ(spool_.items[0].keep, Keep::kThin);
  std::map<std::string, Json> by_subsystem;
  for (const Json& one : newest())
    by_subsystem[one.at("subsystem").get<std::string>()] = one;
  ASSERT_EQ(by_subsystem.size(), 3U);
  EXPECT_EQ(by_subsystem["spool"].at("code"), "spool.damaged");
  EXPECT_EQ(by_subsystem["orders"].at("times"), 3);
  EXPECT_EQ(by_subsystem["orders"].at("text"), "order 01A: no disk");
  EXPECT_EQ(by_subsystem["agent"].at("text"), "something else: no code");
  EXPECT_EQ(by_subsystem["agent"].at("at"), toRfc3339(clock_.epochNs()));
}

TEST_F(ErrorsTold, without_end_are_one_item_in_ten_minutes) {
  for (int second = 0; second < 1800; ++second) {
    logged("link: link.down: attempt " + std::to_string(second));
    told_.tell();
    clock_.now += kSecondNs;
  }
  ASSERT_EQ(spool_.items.size(), 3U);
  EXPECT_EQ(newest().size(), 1U);
  EXPECT_EQ(newest()[0].at("times"), 600);
}

TEST_F(ErrorsTold, of_too_many_kinds_are_counted_together) {
  for (int i = 0; i < 500; ++i)
    logged("plugins: " + std::string(static_cast<std::size_t>(i) + 1, 'x'));
  told_.tell();
  EXPECT_EQ(newest().size(), protocol::kMaxToldErrors);
  std::int64_t times = 0;
  for (const Json& one : newest())
    times += one.at("times").get<std::int64_t>();
  EXPECT_EQ(times, 500);
}

TEST_F(ErrorsTold, wait_for_a_spool_that_is_full) {
  spool_.full_ = true;
  logged("scans: scan.lost: once");
  told_.tell();
  logged("scans: scan.lost: once");
  spool_.full_ = false;
  told_.tell();
  ASSERT_EQ(spool_.items.size(), 1U);
  EXPECT_EQ(newest()[0].at("times"), 2);
}

}  // namespace
}  // namespace redflag::kernel
