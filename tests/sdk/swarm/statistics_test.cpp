#include "swarm/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "swarm/random.h"
#include "swarm/text.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kMs = 1'000'000;

TEST(Histogram, of_nothing_says_nothing) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentileNs(0.5), 0);
  EXPECT_EQ(histogram.maxNs(), 0);
}

TEST(Histogram, percentiles_are_those_of_the_sorted_values_to_one_in_sixty_four) {
  Random random(7);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 5'000; ++i) {
    const auto value = static_cast<std::int64_t>(random.waiting(20.0 * kMs));
    values.push_back(value);
    histogram.add(value);
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = values[static_cast<std::size_t>(share * 5'000 + 0.5) - 1];
    EXPECT_GE(histogram.percentileNs(share), exact) << share;
    EXPECT_LE(histogram.percentileNs(share), exact + exact / 64 + 2'000) << share;
  }
  EXPECT_EQ(histogram.percentileNs(1), values.back());
  EXPECT_EQ(histogram.maxNs(), values.back());
}

TEST(Histogram, keeps_the_smallest_the_largest_and_the_impossible) {
  Histogram histogram;
  histogram.add(-5);
  histogram.add(0);
  histogram.add(900'000LL * 1'000 * kMs);  // past its last bucket
  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_LT(histogram.percentileNs(0.5), 1'000);
  EXPECT_EQ(histogram.maxNs(), 900'000LL * 1'000 * kMs);
}

TEST(Histogram, merged_is_the_same_as_measured_together) {
  Histogram together;
  Histogram one;
  Histogram other;
  for (std::int64_t i = 1; i <= 1'000; ++i) {
    together.add(i * kMs);
    (i % 3 == 0 ? one : other).add(i * kMs);
  }
  one.merge(other);
  EXPECT_EQ(one.count(), 1'000U);
  for (const double share : {0.1, 0.5, 0.99, 1.0})
    EXPECT_EQ(one.percentileNs(share), together.percentileNs(share));
}

TEST(Statistics, reports_rates_errors_and_bytes) {
  Statistics one;
  one.took("upload", 2 * kMs);
  one.failed("status.503");
  one.moved(10, 20);
  Statistics other;
  other.took("upload", 4 * kMs);
  other.failed("status.503");
  other.moved(1, 2);
  one.merge(other);
  const Report report = one.report(4);
  EXPECT_EQ(report["operations"]["upload"]["count"], 2);
  EXPECT_EQ(report["operations"]["upload"]["per_s"], 0.5);
  EXPECT_EQ(report["operations"]["upload"]["max_ms"], 4.0);
  EXPECT_EQ(report["errors"]["status.503"], 2);
  EXPECT_EQ(report["bytes"]["received"], 22);
}

// With what a run adds to it.
Report fullReport(Report report) {
  report.update({{"findings", Report::array()}, {"judged", true}, {"settled", true}, {"lost", 0}});
  report["duplicate"] = 0;
  return report;
}

Reply problemReply(const std::string& code, std::map<std::string, std::string> headers) {
  Reply reply;
  reply.status = 503;
  reply.headers = std::move(headers);
  reply.body = R"({"code":")" + code + R"("})";
  return reply;
}

TEST(Statistics, counts_answers_that_ask_to_come_later_apart_from_errors) {
  Statistics one;
  one.refused(problemReply("server.busy", {{"retry-after", "3"}}));
  Statistics other;
  other.refused(problemReply("server.busy", {{"retry-after", "15"}}));
  other.refused(problemReply("store.busy", {{"retry-after", "5"}, {"x-request-id", "abcdefghijklmnop"}}));
  one.merge(other);
  const Report report = one.report(1);
  EXPECT_EQ(report["put_off"], 2);
  EXPECT_EQ(report["errors"].dump(), R"({"store.busy":1})") << "a store that fails is an error, whenever";
  EXPECT_EQ(report["requests"].size(), 1U);
  EXPECT_NE(reportText(fullReport(report)).find("put off"), std::string::npos);
}

TEST(Statistics, as_text_say_that_a_run_was_not_judged_and_nothing_of_losses) {
  Report report = Statistics().report(1);
  report.update({{"judged", false}, {"settled", false}});
  const std::string text = reportText(report);
  EXPECT_NE(text.find("not settled"), std::string::npos) << text;
  EXPECT_NE(text.find("not judged"), std::string::npos) << text;
  EXPECT_EQ(text.find("lost"), std::string::npos) << text;
}

TEST(Statistics, take_a_server_that_does_not_say_when_to_come_for_one_that_fails) {
  Statistics statistics;
  statistics.refused(problemReply("server.busy", {}));
  Reply proxy;
  proxy.status = 503;
  proxy.headers = {{"retry-after", "3"}};
  proxy.body = "<html>";
  statistics.refused(proxy);
  const Report report = statistics.report(1);
  EXPECT_EQ(report["put_off"], 0);
  EXPECT_EQ(report["errors"].dump(), R"({"server.busy":1,"status.503":1})");
}

}  // namespace
}  // namespace redflag::swarm
