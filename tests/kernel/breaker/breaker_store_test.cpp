#include "breaker/breaker_store.h"

#include "sqlite/database.h"

#include <gmock/gmock.h>

#include <cstdlib>

namespace redflag::kernel {
namespace {

constexpr BreakerRules kKeptRules{3, 100, 24 * 3600 * kSecondNs, 1'000, 8'000, 2};
const BreakerKey kApt{"apt", "1.0.0", "rf.scanner/1"};

class HandClock : public Clock {
 public:
  std::int64_t epochNs() const override { return now; }
  std::int64_t monotonicNs() const override { return now; }
  std::int64_t now = 1'000'000;
};

class BreakerStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "redflag-breaker-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    restart();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void restart() {
    store_.reset();
    store_ =
        BreakerStore::open(folder_ / "breakers.sqlite", clock_, [this](const BreakerTransition& transition) {
          told_.push_back(std::string(breakerPhaseName(transition.from)) + ">" +
                          breakerPhaseName(transition.state.phase));
        }).value();
    ASSERT_TRUE(store_->recover(kKeptRules));
  }
  bool admit(const BreakerKey& key, bool by_person = false) {
    return store_->admit(key, kKeptRules, by_person, nullptr).value();
  }
  void finish(const BreakerKey& key, RunClass run_class) {
    ASSERT_TRUE(store_->finish(key, kKeptRules, {run_class, "c", "t"}));
  }

  // As a disk that takes nothing for a while.
  void renameTable(const char* from, const char* to) {
    auto database = sqlite::Database::open(folder_ / "breakers.sqlite").value();
    ASSERT_TRUE(database.execute(std::string("ALTER TABLE ") + from + " RENAME TO " + to));
  }

  std::filesystem::path folder_;
  HandClock clock_;
  std::vector<std::string> told_;
  std::unique_ptr<BreakerStore> store_;
};

TEST_F(BreakerStoreTest, stays_open_over_a_restart) {
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kHang);
  restart();
  EXPECT_FALSE(admit(kApt));
  EXPECT_EQ(store_->state(kApt)->run_class, "hang");
}

TEST_F(BreakerStoreTest, remembers_failures_in_its_window_over_a_restart) {
  BreakerRules rules = kKeptRules;
  rules.window_failures = 2;
  ASSERT_TRUE(admit(kApt));
  ASSERT_TRUE(store_->finish(kApt, rules, {RunClass::kFailure, "c", "t"}));
  ASSERT_TRUE(admit(kApt));
  ASSERT_TRUE(store_->finish(kApt, rules, {RunClass::kOk, "c", "t"}));
  restart();
  ASSERT_TRUE(admit(kApt));
  ASSERT_TRUE(store_->finish(kApt, rules, {RunClass::kFailure, "c", "t"}));
  EXPECT_EQ(store_->state(kApt)->phase, BreakerPhase::kOpen);
}

TEST_F(BreakerStoreTest, takes_over_the_file_of_an_earlier_version) {
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kHang);
  store_.reset();
  {
    auto database = sqlite::Database::open(folder_ / "breakers.sqlite").value();
    ASSERT_TRUE(database.execute("ALTER TABLE breaker DROP COLUMN recent"));
  }
  restart();
  EXPECT_EQ(store_->state(kApt)->run_class, "hang");
  EXPECT_FALSE(admit(kApt));
}

TEST_F(BreakerStoreTest, counts_a_run_that_the_agent_did_not_survive_as_a_crash) {
  ASSERT_TRUE(admit(kApt));
  restart();
  EXPECT_EQ(store_->state(kApt)->phase, BreakerPhase::kOpen);
  EXPECT_EQ(store_->state(kApt)->run_class, "crash");
  EXPECT_THAT(told_, ::testing::ElementsAre("closed>open"));
}

TEST_F(BreakerStoreTest, begins_closed_with_a_new_version_of_the_plugin) {
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kCrash);
  const BreakerKey newer{"apt", "1.0.1", "rf.scanner/1"};
  EXPECT_TRUE(admit(newer));
  EXPECT_EQ(store_->state(newer)->phase, BreakerPhase::kClosed);
  EXPECT_THAT(told_, ::testing::ElementsAre("closed>open", "open>closed"));
}

TEST_F(BreakerStoreTest, keeps_interfaces_apart_so_that_a_failed_install_never_blocks_its_verify_scan) {
  const BreakerKey updater{"apt", "1.0.0", "rf.updater/1"};
  ASSERT_TRUE(admit(updater));
  finish(updater, RunClass::kCrash);
  EXPECT_TRUE(admit(kApt));
}

TEST_F(BreakerStoreTest, tells_every_transition_once) {
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kCrash);
  clock_.now += 1'000;
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kOk);
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kOk);
  EXPECT_THAT(told_, ::testing::ElementsAre("closed>open", "open>half_open", "half_open>closed"));
}

TEST_F(BreakerStoreTest, is_not_held_half_open_by_a_run_whose_end_could_not_be_kept) {
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kCrash);
  clock_.now += 1'000;
  ASSERT_TRUE(admit(kApt));
  renameTable("breaker", "away");
  EXPECT_FALSE(store_->finish(kApt, kKeptRules, {RunClass::kOk, "c", "t"}));
  renameTable("away", "breaker");
  EXPECT_TRUE(admit(kApt));
  EXPECT_FALSE(admit(kApt)) << "still one at a time";
  finish(kApt, RunClass::kOk);
  EXPECT_EQ(store_->state(kApt)->phase, BreakerPhase::kClosed) << "the run that could not be kept counts";
}

TEST_F(BreakerStoreTest, is_closed_by_a_person_and_knows_no_stranger) {
  ASSERT_TRUE(admit(kApt));
  finish(kApt, RunClass::kCrash);
  ASSERT_TRUE(store_->reset("apt"));
  EXPECT_TRUE(admit(kApt));
  EXPECT_EQ(store_->reset("nobody").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace redflag::kernel
