#include "supervisor/scan_report.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace redflag::kernel {
namespace {

ScanReport report() {
  ScanReport out;
  out.id = "01HZZZZZZZZZZZZZZZZZZZZZZZ";
  out.plugin = "apt";
  out.plugin_version = "1.0.0";
  out.purpose = "updates";
  out.trigger = "schedule";
  out.boot_id = "b";
  out.outcome.status = "ok";
  out.outcome.complete = true;
  out.outcome.scopes = {{"main", "ok"}};
  out.outcome.records = {R"({"scope":"main","record":"update/1","name":"x"})", R"({"record":"fact/1"})"};
  out.outcome.reports = {{"transient", "apt.note", "say \"hi\""}};
  out.outcome.started_at = 1'700'000'000'123'000'000;
  out.outcome.duration_ns = 2'500'000'000;
  return out;
}

TEST(ScanReport, is_an_item_of_the_protocol) {
  const auto json = parseJson(scanItem(report()));
  ASSERT_TRUE(json) << json.error().text;
  EXPECT_EQ(*json,
            Json::parse(R"({"kind":"scan","id":"01HZZZZZZZZZZZZZZZZZZZZZZZ","at":"2023-11-14T22:13:22.623Z",
      "plugin":"apt","plugin_version":"1.0.0","interface":"rf.scanner/1","purpose":"updates","trigger":"schedule",
      "boot_id":"b","started_at":"2023-11-14T22:13:20.123Z","duration_ms":2500,"status":"ok","complete":true,
      "scopes":[{"key":"main","status":"ok"}],
      "records":[{"scope":"main","record":"update/1","name":"x"},{"record":"fact/1"}],
      "reports":[{"status":"transient","code":"apt.note","text":"say \"hi\""}]})"));
}

TEST(ScanReport, names_the_order_behind_it) {
  auto ordered = report();
  ordered.command_id = "c";
  EXPECT_EQ(parseJson(scanItem(ordered))->at("command_id"), "c");
}

TEST(ScanReport, is_an_entry_of_the_programs_output) {
  const auto json = parseJson(scanEntry(report()));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("version"), "1.0.0");
  EXPECT_EQ(json->at("records").size(), 2U);
  EXPECT_FALSE(json->contains("kind"));
}

}  // namespace
}  // namespace redflag::kernel
