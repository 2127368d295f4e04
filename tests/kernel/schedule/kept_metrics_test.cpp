// Faults F3: a day without a server, by a clock that is turned by hand.
#include "schedule/kept_metrics.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kMidnight = 1'750'032'000 * kSecondNs;
constexpr std::int64_t kMinuteNs = 60 * kSecondNs;

std::int64_t residentBytes() {
  malloc_trim(0);
  std::int64_t total = 0;
  std::int64_t resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

class DayWithoutAServer : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(initCrypto());
    char name[] = "/tmp/redflag-day-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    spool_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open(std::uint64_t max_bytes = 8U << 20) {
    auto spool = Spool::open(folder_ / "spool.db", max_bytes);
    ASSERT_TRUE(spool) << spool.error().text;
    spool_ = std::move(*spool);
    spool_->onDisplaced(metricsOf);
  }
  // As ScanService spools it; `value` is measured.
  void scan(const std::string& plugin, std::int64_t at, double value, bool measures, bool complete = true) {
    Json records = Json::array();
    for (int i = 0; i < 40; ++i)
      records.push_back(
          {{"record", "update/1"}, {"name", "package-" + std::to_string(i)}, {"scope", "main"}});
    if (measures) {
      for (const char* mount : {"/", "/var"}) {
        records.push_back({{"record", "metric/1"},
                           {"scope", "main"},
                           {"name", "free_bytes"},
                           {"label", {std::string("mount=") + mount}},
                           {"value", value}});
      }
    }
    const std::string id = newId();
    const Json body = {{"kind", "scan"},    {"id", id},
                       {"plugin", plugin},  {"started_at", toRfc3339(at)},
                       {"status", "ok"},    {"complete", complete},
                       {"records", records}};
    ASSERT_TRUE(spool_->put({id, "scan", plugin + "/updates", complete, Keep::kNewestScan, dumpJson(body)}));
  }
  void result(int number) {
    const std::string id = newId();
    ASSERT_TRUE(spool_->put({id, "command_state", "", true, Keep::kAlways,
                             dumpJson({{"kind", "command_state"}, {"id", id}, {"number", number}})}));
  }
  void line() {
    const std::string id = newId();
    const auto put = spool_->put({id, "command_log", "", true, Keep::kThin, std::string(2000, 'l')});
    ASSERT_TRUE(put || put.error().code == Code::kLimit);
  }
  std::vector<Json> items(const std::string& kind) {
    std::vector<Json> out;
    const auto all = spool_->oldest(100'000, 1U << 30).value();
    for (const auto& item : all)
      if (item.kind == kind && kind != "command_log") out.push_back(parseJson(item.body).value());
    return out;
  }
  // When each item of the plugin's series was measured, in minutes since midnight.
  std::vector<std::int64_t> minutesOf(const std::string& plugin) {
    std::vector<std::int64_t> out;
    for (const Json& item : items("metrics"))
      if (item.at("plugin") == plugin)
        out.push_back((fromRfc3339(item.at("at").get<std::string>()).value() - kMidnight) / kMinuteNs);
    return out;
  }

  std::filesystem::path folder_;
  std::unique_ptr<Spool> spool_;
};

void expectCovered(const std::vector<std::int64_t>& minutes, std::int64_t longest_gap) {
  ASSERT_FALSE(minutes.empty());
  EXPECT_LE(minutes.front(), longest_gap);
  EXPECT_GE(minutes.back(), 24 * 60 - 1 - longest_gap);
  for (std::size_t i = 1; i < minutes.size(); ++i)
    EXPECT_LE(minutes[i] - minutes[i - 1], longest_gap) << "after minute " << minutes[i - 1];
}

TEST_F(DayWithoutAServer, F3_coalesces_scans_keeps_the_series_of_the_day_and_every_result) {
  open();
  std::int64_t resident = 0;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    const std::int64_t at = kMidnight + minute * kMinuteNs;
    scan("system", at, minute, true);
    if (minute % 60 == 0) scan("apt", at, 0, false);
    if (minute % 97 == 0) result(minute / 97);
    if (minute == 120) resident = residentBytes();
  }
  EXPECT_LT(residentBytes() - resident, 2 << 20);
  EXPECT_LT(spool_->bytes(), 1U << 20);
  const auto scans = items("scan");
  ASSERT_EQ(scans.size(), 2U) << "the newest of each";
  expectCovered(minutesOf("system"), 10);
  EXPECT_EQ(minutesOf("system").size(), 144U);
  for (const Json& item : items("metrics")) {
    ASSERT_EQ(item.at("rows").size(), 2U);
    const auto at = fromRfc3339(item.at("at").get<std::string>()).value();
    EXPECT_EQ(item.at("rows")[0].at("value"), static_cast<double>((at - kMidnight) / kMinuteNs));
    EXPECT_FALSE(item.at("rows")[0].contains("scope"));
  }
  const auto results = items("command_state");
  ASSERT_EQ(results.size(), 15U);
  for (std::size_t i = 0; i < results.size(); ++i)
    EXPECT_EQ(results[i].at("number"), i);
}

TEST_F(DayWithoutAServer, F3_thins_many_series_evenly_and_never_without_end) {
  open();
  for (int minute = 0; minute < 24 * 60; minute += 5) {
    for (int plugin = 0; plugin < 12; ++plugin)
      scan("plugin" + std::to_string(plugin), kMidnight + minute * kMinuteNs, minute, true);
  }
  EXPECT_LE(items("metrics").size(), 576U);
  for (int plugin = 0; plugin < 12; ++plugin)
    expectCovered(minutesOf("plugin" + std::to_string(plugin)), 80);
}

TEST_F(DayWithoutAServer, F3_stays_within_its_limit_and_gives_up_lines_and_measurements_for_results) {
  open(200'000);
  for (int minute = 0; minute < 24 * 60; ++minute) {
    scan("system", kMidnight + minute * kMinuteNs, minute, true);
    if (minute % 3 == 0) line();
    if (minute % 15 == 0) result(minute / 15);
    ASSERT_LE(spool_->bytes(), 200'000U);
  }
  EXPECT_EQ(items("command_state").size(), 96U);
  EXPECT_EQ(items("scan").size(), 1U);
  EXPECT_FALSE(spool_->full());
}

TEST_F(DayWithoutAServer, F3_survives_a_restart_and_what_is_no_scan_leaves_nothing) {
  open();
  scan("system", kMidnight, 1, true);
  scan("system", kMidnight + kMinuteNs, 2, true, false);  // an incomplete one displaces no complete one
  EXPECT_TRUE(items("metrics").empty());
  scan("system", kMidnight + 2 * kMinuteNs, 3, true, false);
  spool_.reset();
  open();
  EXPECT_EQ(minutesOf("system"), std::vector<std::int64_t>{1});
  EXPECT_EQ(items("scan").size(), 2U);
  for (const char* body : {"", "{", "[\"metric/1\"]", "{\"records\":[\"metric/1\"]}",
                           "{\"records\":[{\"record\":\"metric/1\"}],\"started_at\":\"soon\"}"})
    EXPECT_FALSE(metricsOf({"id", "scan", "x/updates", true, Keep::kNewestScan, body})) << body;
}

}  // namespace
}  // namespace redflag::kernel
