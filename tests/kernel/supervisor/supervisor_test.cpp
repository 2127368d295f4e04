// Real hosts and real libraries: a good one, and the three faults.
#include "supervisor/supervisor.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "base/time.h"
#include "supervisor/plugin_catalog.h"

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

RunRequest scanOf(const std::string& id) {
  RunRequest request;
  auto manifest = host::loadManifest(REDFLAG_BUILD "/test_plugins", id);
  if (!manifest) {
    ADD_FAILURE() << manifest.error().text;
    return request;
  }
  request.manifest = *manifest;
  request.interface_id = kScannerInterface;
  request.operation = "scan";
  request.limits = defaultConfig().limits;
  return request;
}

constexpr std::int64_t kShortGraceNs = kSecondNs / 5;

Supervisor supervisor(const char* host) {
  return Supervisor(std::make_shared<DirectStarter>(host), kShortGraceNs);
}

RunOutcome run(const RunRequest& request) {
  return supervisor(REDFLAG_BUILD "/bin/redflag-host").run(request);
}

TEST(Supervisor, runs_a_good_plugin_from_records_to_kept_state) {
  const auto outcome = run(scanOf("test.good"));
  EXPECT_EQ(outcome.status, "ok") << (outcome.reports.empty() ? "" : outcome.reports.back().text);
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(outcome.run_class, RunClass::kOk);
  EXPECT_GE(outcome.records.size(), 4U);
  EXPECT_EQ(outcome.state.at("runs"), "1");
  EXPECT_GT(outcome.started_at, 0);
  EXPECT_GT(outcome.duration_ns, 0);
}

TEST(Supervisor, survives_a_crash_and_says_what_it_was) {
  const auto outcome = run(scanOf("test.crasher"));
  EXPECT_EQ(outcome.status, "crash");
  EXPECT_EQ(outcome.run_class, RunClass::kCrash);
  EXPECT_FALSE(outcome.complete);
  EXPECT_EQ(outcome.reports.back().code, "run.crash");
}

TEST(Supervisor, kills_a_hang_soon_after_its_time_limit) {
  auto request = scanOf("test.hanger");
  request.limits.time_ns = kSecondNs / 5;
  const auto outcome = run(request);
  EXPECT_EQ(outcome.status, "hang");
  EXPECT_EQ(outcome.run_class, RunClass::kHang);
  EXPECT_GT(outcome.duration_ns, request.limits.time_ns + kShortGraceNs);
  EXPECT_LT(outcome.duration_ns, 10 * kSecondNs);
}

TEST(Supervisor, stops_a_flood_at_the_limit) {
  auto request = scanOf("test.flooder");
  request.limits.records = 100;
  const auto outcome = run(request);
  EXPECT_EQ(outcome.status, "limit");
  EXPECT_EQ(outcome.run_class, RunClass::kBrokenContract);
  EXPECT_FALSE(outcome.complete);
  EXPECT_LE(outcome.records.size(), 100U);
  EXPECT_TRUE(outcome.state.empty());
}

TEST(Supervisor, stops_a_flood_of_bytes_that_the_host_lets_through) {
  auto request = scanOf("test.flooder");
  request.limits.output_bytes = 100'000;
  const auto outcome = run(request);
  EXPECT_EQ(outcome.status, "limit");
  EXPECT_EQ(outcome.run_class, RunClass::kBrokenContract);
  EXPECT_TRUE(outcome.records.empty());
  EXPECT_THAT(outcome.reports.back().text, HasSubstr("100000 bytes"));
}

TEST(Supervisor, goes_on_with_three_other_scans_while_faults_happen_beside_them) {
  auto hanging = scanOf("test.hanger");
  hanging.limits.time_ns = 3 * kSecondNs;
  auto flooding = scanOf("test.flooder");
  flooding.limits.records = 1000;
  std::vector<RunOutcome> good(3);
  std::vector<std::int64_t> ended(3);
  RunOutcome hang;
  std::int64_t hang_ended = 0;
  const auto began = monotonicNow();
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([&] {
      hang = run(hanging);
      hang_ended = monotonicNow() - began;
    });
    threads.emplace_back([&] { EXPECT_EQ(run(flooding).run_class, RunClass::kBrokenContract); });
    threads.emplace_back([&] { EXPECT_EQ(run(scanOf("test.crasher")).status, "crash"); });
    for (std::size_t i = 0; i < 3; ++i) {
      threads.emplace_back([&, i] {
        good[i] = run(scanOf("test.good"));
        ended[i] = monotonicNow() - began;
      });
    }
  }
  EXPECT_EQ(hang.status, "hang");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_TRUE(good[i].complete);
    EXPECT_LT(ended[i], hang_ended);  // none waited for the one that hangs
  }
}

TEST(Supervisor, cancels_a_run_when_it_is_asked_to) {
  auto request = scanOf("test.hanger");
  std::atomic<bool> cancelled = false;
  request.cancelled = &cancelled;
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    cancelled = true;
  });
  const auto outcome = run(request);
  EXPECT_EQ(outcome.status, "cancelled");
  EXPECT_EQ(outcome.run_class, RunClass::kNeutral);
  EXPECT_LT(outcome.duration_ns, 10 * kSecondNs);
}

TEST(Supervisor, refuses_a_library_that_is_another_one_than_the_manifest_says) {
  auto request = scanOf("test.good");
  request.manifest.sha256 = std::string(64, '0');
  const auto outcome = run(request);
  EXPECT_EQ(outcome.status, "invalid");
  EXPECT_EQ(outcome.run_class, RunClass::kBrokenContract);
}

TEST(Supervisor, does_not_blame_the_plugin_when_there_is_no_host_to_run_it) {
  const auto outcome = supervisor("/nonexistent/redflag-host").run(scanOf("test.good"));
  EXPECT_EQ(outcome.status, "transient");
  EXPECT_EQ(outcome.run_class, RunClass::kNeutral);
  EXPECT_THAT(outcome.reports.back().text, HasSubstr("No such file"));
}

TEST(Supervisor, calls_a_host_that_says_junk_or_nothing_a_broken_contract) {
  EXPECT_EQ(supervisor("/bin/true").run(scanOf("test.good")).status, "broken_contract");
  EXPECT_EQ(supervisor("/bin/false").run(scanOf("test.good")).status, "crash");
}

}  // namespace
}  // namespace redflag::kernel
