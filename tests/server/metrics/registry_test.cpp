#include "metrics/registry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "support/open_metrics.h"

namespace redflag::metrics {
namespace {

using testing::OpenMetrics;

TEST(Registry, of_nothing_is_a_complete_text) {
  EXPECT_EQ(Registry().text(), "# EOF\n");
}

TEST(Registry, writes_what_the_specification_shows) {
  Registry registry;
  Counter& counter = registry.counter({"work_done", "", "What was \"done\"\nso far", {"kind"}});
  counter.add({"a\"b\\c\nd"}, 3);
  EXPECT_EQ(registry.text(),
            "# TYPE work_done counter\n# HELP work_done What was \\\"done\\\"\\nso far\n"
            "work_done_total{kind=\"a\\\"b\\\\c\\nd\"} 3\n# EOF\n");
}

TEST(Registry, hostile_labels_come_back_as_they_were) {
  Registry registry;
  Counter& counter = registry.counter({"work", "", "Work", {"who"}});
  for (const std::string who :
       {"plain", "quote\"", "back\\slash", "line\nfeed", "} 1\nforged_total 5", "ümlaut", ""})
    counter.add({who});
  const OpenMetrics read(registry.text());
  EXPECT_EQ(read.families().size(), 1U) << "a label made a family";
  for (const std::string who :
       {"plain", "quote\"", "back\\slash", "line\nfeed", "} 1\nforged_total 5", "ümlaut", ""})
    EXPECT_EQ(read.sum("work_total", {{"who", who}}), 1) << who;
}

TEST(Registry, long_labels_are_cut_between_characters_and_many_counted_as_other) {
  Registry registry;
  Counter& counter = registry.counter({"work", "", "Work", {"who"}}, 3);
  counter.add({std::string(127, 'x') + "ü"});
  for (int i = 0; i < 100; ++i)
    counter.add({"who-" + std::to_string(i)});
  const OpenMetrics read(registry.text());
  EXPECT_EQ(read.families().at("work").samples.size(), 4U);
  EXPECT_EQ(read.sum("work_total", {{"who", std::string(127, 'x')}}), 1);
  EXPECT_EQ(read.sum("work_total", {{"who", "other"}}), 98);
  EXPECT_EQ(read.sum("work_total"), 101);
}

TEST(Registry, a_histogram_counts_each_value_in_every_bucket_it_fits) {
  Registry registry;
  Histogram& histogram =
      registry.histogram({"wait_seconds", "seconds", "Waiting", {"route"}}, {0.01, 0.1, 1});
  for (const double value : {0.005, 0.01, 0.05, 5.0})
    histogram.observe({"GET /"}, value);
  const OpenMetrics read(registry.text());
  EXPECT_EQ(read.families().at("wait_seconds").unit, "seconds");
  EXPECT_EQ(read.sum("wait_seconds_bucket", {{"le", "0.01"}}), 2);
  EXPECT_EQ(read.sum("wait_seconds_bucket", {{"le", "0.1"}}), 3);
  EXPECT_EQ(read.sum("wait_seconds_bucket", {{"le", "1.0"}}), 3);
  EXPECT_EQ(read.sum("wait_seconds_bucket", {{"le", "+Inf"}}), 4);
  EXPECT_EQ(read.sum("wait_seconds_count"), 4);
  EXPECT_NEAR(read.sum("wait_seconds_sum"), 5.065, 1e-9);
}

TEST(Registry, keeps_a_series_for_what_is_known_however_much_else_comes) {
  Registry registry;
  Histogram& histogram = registry.histogram({"wait_seconds", "seconds", "Waiting", {"who"}}, {1}, 2);
  histogram.always({"known"});
  EXPECT_EQ(OpenMetrics(registry.text()).sum("wait_seconds_count"), 0) << "and none before it comes";
  for (int i = 0; i < 10; ++i)
    histogram.observe({"who-" + std::to_string(i)}, 1);
  histogram.observe({"known"}, 1);
  histogram.observe({"who-0"}, 1);
  const OpenMetrics read(registry.text());
  EXPECT_EQ(read.sum("wait_seconds_count", {{"who", "known"}}), 1);
  EXPECT_EQ(read.sum("wait_seconds_count", {{"who", "who-0"}}), 2) << "seen first";
  EXPECT_GE(read.sum("wait_seconds_count", {{"who", "other"}}), 7);
}

TEST(Registry, asks_for_what_is_so_at_the_moment) {
  Registry registry;
  double now = 1;
  registry.onRead([&](Snapshot& out) {
    out.gauge({"level", "", "Level", {}}, {{{}, now}});
    out.info({"build", "", "Build", {"version"}}, {"1.2"});
  });
  EXPECT_EQ(OpenMetrics(registry.text()).sum("level"), 1);
  now = -2.5;
  const OpenMetrics read(registry.text());
  EXPECT_EQ(read.sum("level"), -2.5);
  EXPECT_EQ(read.sum("build_info", {{"version", "1.2"}}), 1);
}

TEST(Registry, loses_nothing_of_what_several_threads_count) {
  Registry registry;
  Counter& counter = registry.counter({"work", "", "Work", {"who"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5'000; ++i)
        counter.add({"same"});
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(OpenMetrics(registry.text()).sum("work_total"), 20'000);
}

TEST(Operation, is_the_innermost_of_its_thread) {
  EXPECT_EQ(Operation::current(), "other");
  {
    const Operation outer("outer");
    {
      const Operation inner("inner");
      EXPECT_EQ(Operation::current(), "inner");
      std::thread([] { EXPECT_EQ(Operation::current(), "other"); }).join();
    }
    EXPECT_EQ(Operation::current(), "outer");
  }
  EXPECT_EQ(Operation::current(), "other");
}

// The reader of the tests must refuse what a scraper would.
TEST(OpenMetricsReader, refuses_what_is_not_in_order) {
  const std::string good = "# TYPE a counter\n# HELP a A\na_total{b=\"c\"} 1\n# EOF\n";
  EXPECT_NO_THROW(OpenMetrics{good});
  for (const std::string bad :
       {"# TYPE a counter\na_total 1\n", "# TYPE a counter\na 1\n# EOF\n", "a_total 1\n# EOF\n",
        "# TYPE a counter\na_total{b=\"c} 1\n# EOF\n", "# TYPE a counter\na_total{b=\"\\x\"} 1\n# EOF\n",
        "# TYPE a counter\na_total -1\n# EOF\n", "# TYPE a counter\na_total 1\na_total 2\n# EOF\n",
        "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n", "# TYPE a gauge\na  1\n# EOF\n", "# EOF\n# EOF\n",
        "# TYPE a gauge\n# TYPE a gauge\n# EOF\n", "# EOF",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n",
        "# TYPE a histogram\na_bucket{le=\"1.0\"} 1\na_count 1\na_sum 1\n# EOF\n"}) {
    EXPECT_THROW(OpenMetrics{bad}, std::runtime_error) << bad;
  }
}

}  // namespace
}  // namespace redflag::metrics
