#include "spool/spool.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

#include "base/encoding.h"

namespace redflag::kernel {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SpoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    std::string pattern = ::testing::TempDir() + "redflag-spool-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    file_ = folder_ / "spool.sqlite";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Spool> open(std::uint64_t max_bytes = 1U << 20) {
    auto spool = Spool::open(file_, max_bytes);
    EXPECT_TRUE(spool) << spool.error().text;
    return std::move(*spool);
  }
  static SpoolItem scan(const std::string& id, const std::string& subject, bool complete = true) {
    return {id, "scan", subject, complete, Keep::kNewestScan, "{}"};
  }
  static SpoolItem line(const std::string& id, std::size_t bytes) {
    return {id, "command_log", "", true, Keep::kThin, std::string(bytes, 'l')};
  }
  static std::vector<std::string> ids(Spool& spool) {
    std::vector<std::string> found;
    const auto items = spool.oldest(100'000, 1U << 30).value();
    for (const auto& item : items)
      found.push_back(item.id);
    return found;
  }

  std::filesystem::path folder_;
  std::filesystem::path file_;
};

TEST_F(SpoolTest, gives_back_the_disk_that_a_time_without_a_server_filled) {
  {
    auto spool = open(64U << 20);
    std::vector<std::string> sent;
    for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
      sent.emplace_back(id);
      ASSERT_TRUE(spool->put({id, "command_state", "", true, Keep::kAlways, std::string(1U << 20, 'x')}));
    }
    ASSERT_TRUE(spool->remove(sent));
    ASSERT_TRUE(spool->put({"z", "command_state", "", true, Keep::kAlways, "{}"}));
  }
  EXPECT_LT(std::filesystem::file_size(file_), 1U << 20);
  EXPECT_THAT(ids(*open()), ElementsAre("z"));
}

TEST_F(SpoolTest, keeps_what_it_accepted_over_a_restart_in_order) {
  {
    auto spool = open();
    ASSERT_TRUE(spool->put({"a", "command_state", "", true, Keep::kAlways, R"({"n":1})"}));
    ASSERT_TRUE(spool->put(scan("b", "apt/updates")));
  }
  auto spool = open();
  const auto items = spool->oldest(10, 1'000).value();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].body, R"({"n":1})");
  EXPECT_EQ(items[0].keep, Keep::kAlways);
  EXPECT_EQ(items[1].subject, "apt/updates");
  EXPECT_EQ(spool->count(), 2U);
}

TEST_F(SpoolTest, replaces_a_scan_by_the_newest_of_its_subject) {
  auto spool = open();
  ASSERT_TRUE(spool->put(scan("old", "apt/updates")));
  ASSERT_TRUE(spool->put(scan("other", "dnf/updates")));
  ASSERT_TRUE(spool->put(scan("new", "apt/updates")));
  EXPECT_THAT(ids(*spool), ElementsAre("other", "new"));
}

TEST_F(SpoolTest, never_lets_an_incomplete_scan_displace_a_complete_one) {
  auto spool = open();
  ASSERT_TRUE(spool->put(scan("whole", "apt/updates")));
  ASSERT_TRUE(spool->put(scan("part1", "apt/updates", false)));
  ASSERT_TRUE(spool->put(scan("part2", "apt/updates", false)));
  EXPECT_THAT(ids(*spool), ElementsAre("whole", "part2"));
}

TEST_F(SpoolTest, thins_the_oldest_lines_when_it_is_full_and_keeps_results) {
  auto spool = open(1'000);
  ASSERT_TRUE(spool->put(line("l1", 400)));
  ASSERT_TRUE(spool->put(line("l2", 400)));
  ASSERT_TRUE(spool->put({"r1", "command_state", "", true, Keep::kAlways, std::string(500, 'r')}));
  EXPECT_THAT(ids(*spool), ElementsAre("l2", "r1"));
  ASSERT_TRUE(spool->put({"r2", "command_state", "", true, Keep::kAlways, std::string(900, 'r')}))
      << "an order's result is taken even beyond the limit";
  EXPECT_THAT(ids(*spool), ElementsAre("r1", "r2"));
  EXPECT_TRUE(spool->full());
}

TEST_F(SpoolTest, refuses_a_line_that_does_not_fit_and_stays_as_it_was) {
  auto spool = open(1'000);
  ASSERT_TRUE(spool->put({"r", "command_state", "", true, Keep::kAlways, std::string(990, 'r')}));
  EXPECT_EQ(spool->put(line("l", 100)).error().code, Code::kLimit);
  EXPECT_THAT(ids(*spool), ElementsAre("r"));
  EXPECT_EQ(spool->bytes(), 990U);
  EXPECT_FALSE(spool->full());
}

TEST_F(SpoolTest, hands_out_batches_by_count_and_bytes_but_at_least_one) {
  auto spool = open();
  for (const char* id : {"a", "b", "c"})
    ASSERT_TRUE(spool->put({id, "command_state", "", true, Keep::kAlways, std::string(100, 'x')}));
  EXPECT_EQ(spool->oldest(2, 1'000).value().size(), 2U);
  EXPECT_EQ(spool->oldest(10, 150).value().size(), 1U);
  EXPECT_EQ(spool->oldest(10, 1).value().size(), 1U);
}

TEST_F(SpoolTest, removes_what_was_acknowledged_and_ignores_unknown_ids) {
  auto spool = open();
  ASSERT_TRUE(spool->put(scan("a", "apt/updates")));
  ASSERT_TRUE(spool->put(scan("b", "system/updates")));
  ASSERT_TRUE(spool->remove({"a", "never seen"}));
  EXPECT_THAT(ids(*spool), ElementsAre("b"));
}

TEST_F(SpoolTest, refuses_an_id_twice) {
  auto spool = open();
  ASSERT_TRUE(spool->put(line("a", 1)));
  EXPECT_EQ(spool->put(line("a", 1)).error().code, Code::kConflict);
}

TEST_F(SpoolTest, wakes_the_link_after_each_put) {
  auto spool = open();
  int woken = 0;
  spool->onPut([&] { ++woken; });
  ASSERT_TRUE(spool->put(line("a", 1)));
  EXPECT_EQ(woken, 1);
}

TEST_F(SpoolTest, sets_a_damaged_file_aside_and_begins_anew) {
  std::ofstream(file_) << std::string(8192, 'x');
  std::filesystem::path aside;
  auto spool = Spool::open(file_, 1'000, &aside);
  ASSERT_TRUE(spool);
  EXPECT_TRUE(std::filesystem::exists(aside));
  EXPECT_THAT(ids(**spool), IsEmpty());
}

// The child tells each accepted id through a pipe and is killed at some moment: nothing it told may be
// missing.
TEST_F(SpoolTest, loses_nothing_it_accepted_when_it_is_killed) {
  for (int round = 0; round < 10; ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto spool = Spool::open(file_, 1U << 24);
      for (int i = 0; spool && i < 10'000; ++i) {
        const std::string id = std::to_string(round) + "-" + std::to_string(1'000 + i);
        if ((*spool)->put({id, "command_state", "", true, Keep::kAlways, std::string(200, 'x')})) {
          static_cast<void>(!::write(told[1], (id + "\n").c_str(), id.size() + 1));
        }
      }
      ::_exit(0);
    }
    ::close(told[1]);
    // Killed at some moment after the first item, another one each round.
    std::string accepted(1, '\0');
    ASSERT_EQ(::read(told[0], accepted.data(), 1), 1);
    ::usleep(static_cast<useconds_t>(3'000 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    char buffer[4096];
    for (ssize_t n; (n = ::read(told[0], buffer, sizeof buffer)) > 0;)
      accepted.append(buffer, static_cast<std::size_t>(n));
    ::close(told[0]);

    auto spool = open(1U << 24);
    std::string kept;
    for (const auto& id : ids(*spool))
      kept += id + "\n";
    EXPECT_NE(kept.find(accepted), std::string::npos) << "round " << round << " lost an accepted item";
  }
}

}  // namespace
}  // namespace redflag::kernel
