#include "config/report.h"

#include <gmock/gmock.h>

namespace redflag::kernel {
namespace {

const std::map<std::string, Json> kSchemas = {{"apt", Json::parse(R"({"type":"object","properties":{
    "refresh":{"enum":["private","never"]},"depth":{"type":"integer","default":4},"login":{"type":"string"},
    "token":{"type":"string","default":"none"}}})")}};

Config configOf(const std::string& text) {
  auto loaded = checkConfigText(text, "agent.yaml");
  EXPECT_TRUE(loaded.config) << (loaded.problems.empty() ? "" : loaded.problems.front().toText());
  return std::move(*loaded.config);
}

Json told(const Json& report, const std::string& key) {
  for (const Json& value : report["values"])
    if (value["key"] == key) return value;
  return nullptr;
}

TEST(SettingsReport, says_what_is_in_force_and_where_it_came_from) {
  const Config own = configOf(
      "version: 1\nschedule: {jitter: 5m}\nplugins: {apt: {settings: {refresh: never}}}\n"
      "policy: {server_may_set: [schedule]}\n");
  const auto both = withServerSettings(own, {{"schedule", {{"every", "2h"}, {"jitter", "1m"}}}});
  ASSERT_TRUE(both);
  const Json report = settingsReport(*both, kSchemas);
  EXPECT_EQ(report["may_set"], Json({"schedule"}));
  EXPECT_EQ(report["plugins"], Json({"apt"}));
  EXPECT_EQ(told(report, "/schedule/every"),
            Json::parse(R"({"key":"/schedule/every","from":"server","value":"2h"})"));
  EXPECT_EQ(told(report, "/schedule/jitter"),
            Json::parse(R"({"key":"/schedule/jitter","from":"yaml","line":2,"value":"5m"})"));
  EXPECT_EQ(told(report, "/log/level"),
            Json::parse(R"({"key":"/log/level","from":"default","value":"info"})"));
  EXPECT_EQ(told(report, "/plugins/apt/settings/depth")["from"], "plugin");
  EXPECT_EQ(told(report, "/plugins/apt/settings/refresh")["value"], "never");
}

TEST(SettingsReport, leaves_out_what_is_the_owners_alone_and_what_is_inherited) {
  const Json report = settingsReport(configOf("version: 1\nplugins: {apt: {}}\n"), kSchemas);
  for (const char* key : {"/mode", "/isolation", "/server/proxy", "/spool/max", "/policy/allow",
                          "/plugins/apt/every", "/plugins/apt/limits/time"})
    EXPECT_TRUE(told(report, key).is_null()) << key;
}

TEST(SettingsReport, tells_no_value_that_could_be_a_secret) {
  const Json report =
      settingsReport(configOf("version: 1\nplugins: {apt: {settings: {login: hunter2, token: hunter3}}, "
                              "other: {settings: {word: hunter4}}}\n"),
                     kSchemas);
  EXPECT_EQ(dumpJson(report).find("hunter"), std::string::npos);
  EXPECT_EQ(told(report, "/plugins/apt/settings/login")["from"], "yaml");
  EXPECT_EQ(told(report, "/plugins/other/settings/word")["from"], "yaml");
}

TEST(SettingsReport, is_bounded) {
  std::string lines = "version: 1\nplugins:\n";
  for (int i = 0; i < 100; ++i)
    lines += "  plugin" + std::to_string(i) + ": {every: 1h, limits: {time: 1m, cpu: 10s, records: 5}}\n";
  const Json report = settingsReport(configOf(lines), {});
  EXPECT_EQ(report["cut"], true);
  EXPECT_LE(report["values"].size(), 300U);
  EXPECT_LE(dumpJson(report).size(), 25U << 10U);
}

}  // namespace
}  // namespace redflag::kernel
