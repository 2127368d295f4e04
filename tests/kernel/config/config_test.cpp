#include "config/config.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "base/time.h"
#include "config/effective.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kHourNs = 3600 * kSecondNs;

constexpr const char* kFull = R"(version: 1
mode: act
server:
  enrolment_file: /etc/redflag/enrolment
  proxy: none
schedule: {every: 6h, jitter: 30m, max_parallel: 3}
limits: {time: 2m, cpu: 60s, memory: 128MiB, records: 100000, output: 64MiB}
isolation: best
breaker: {failures: 3, open: 30m, open_max: 24h, successes: 2}
spool: {max: 256MiB}
plugins:
  system: {}
  storage: {settings: {skip_mounts: ["/mnt/backup"]}}
  apt:
    every: 2h
    limits: {time: 5m}
    breaker: {failures: 5}
    settings: {refresh: private}
  org.example.flatpak:
    sha256: AAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDDAAAABBBBCCCCDDDD
    capabilities: ["exec:/usr/bin/flatpak", "net:any"]
windows:
  night: "Mon-Fri 22:00-05:00"
  sunday: "Sun 01:00-06:00"
policy:
  allow:
    - {action: apt/install, packages: ["*"], when: [night, sunday]}
    - {action: apt/install, packages: ["*"], category: security, when: always}
  deny:
    - {packages: ["postgresql-*", "linux-image-*"], reason: "DBA team does these by hand"}
    - {removals: any, reason: "no order may remove a package"}
  server_may_set: []
  agent_updates: never
log: {level: info, to: journal}
)";

Config full() {
  auto loaded = checkConfigText(kFull, "agent.yaml");
  for (const auto& problem : loaded.problems)
    ADD_FAILURE() << problem.toText();
  return loaded.config ? *loaded.config : defaultConfig();
}

TEST(Config, reads_every_key_of_a_full_file) {
  const Config config = full();
  EXPECT_EQ(config.mode, Mode::kAct);
  EXPECT_EQ(config.enrolment_file, "/etc/redflag/enrolment");
  EXPECT_EQ(config.max_parallel, 3);
  EXPECT_EQ(config.isolation, Isolation::kBest);
  EXPECT_EQ(config.spool_max_bytes, 256U << 20U);
  EXPECT_EQ(config.limits.cpu_ns, 60 * kSecondNs);
  EXPECT_EQ(config.limits.records, 100000U);
  ASSERT_EQ(config.plugins.size(), 4U);
  EXPECT_EQ(config.plugins[0].id, "apt");
}

TEST(Config, lets_a_plugin_set_its_own_and_inherit_the_rest) {
  const Config config = full();
  const PluginConfig* apt = config.plugin("apt");
  ASSERT_NE(apt, nullptr);
  EXPECT_EQ(apt->schedule.every_ns, 2 * kHourNs);
  EXPECT_EQ(apt->schedule.jitter_ns, kHourNs / 2);
  EXPECT_EQ(apt->limits.time_ns, 300 * kSecondNs);
  EXPECT_EQ(apt->limits.memory_bytes, 128U << 20U);
  EXPECT_EQ(apt->breaker.failures, 5);
  EXPECT_EQ(apt->breaker.successes, 2);
  EXPECT_EQ(apt->settings, Json({{"refresh", "private"}}));
  EXPECT_EQ(config.plugin("org.example.flatpak")->sha256.substr(0, 8), "aaaabbbb");
  EXPECT_EQ(config.plugin("docker"), nullptr);
}

TEST(Config, shrinks_an_inherited_jitter_that_is_longer_than_the_interval) {
  const auto loaded = checkConfigText("version: 1\nplugins: {apt: {every: 10m}}\n", "f");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->plugin("apt")->schedule.jitter_ns, 60 * kSecondNs);
}

TEST(Config, reads_the_policy_with_the_line_of_each_rule) {
  const Config config = full();
  ASSERT_EQ(config.policy.allow.size(), 2U);
  EXPECT_EQ(config.policy.allow[0].line, 27);
  EXPECT_EQ(config.policy.allow[0].action, "apt/install");
  ASSERT_EQ(config.policy.allow[0].when.size(), 2U);
  EXPECT_EQ(config.policy.allow[0].when[1].name, "sunday");
  EXPECT_FALSE(config.policy.allow[0].always);
  EXPECT_TRUE(config.policy.allow[1].always);
  EXPECT_EQ(config.policy.allow[1].category, "security");
  ASSERT_EQ(config.policy.deny.size(), 2U);
  EXPECT_TRUE(config.policy.deny[0].always);
  EXPECT_EQ(config.policy.deny[0].reason, "DBA team does these by hand");
  EXPECT_TRUE(config.policy.deny[1].removals);
}

TEST(Config, holds_no_plugin_and_allows_nothing_by_default) {
  const Config config = defaultConfig();
  EXPECT_TRUE(config.plugins.empty());
  EXPECT_TRUE(config.policy.allow.empty());
  EXPECT_EQ(config.mode, Mode::kReport);
  EXPECT_EQ(config.schedule.every_ns, 6 * kHourNs);
}

TEST(Config, takes_a_plugin_with_nothing_behind_it_as_enabled) {
  const auto loaded = checkConfigText("version: 1\nplugins:\n  apt:\n  system:\n", "f");
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->plugins.size(), 2U);
}

TEST(Config, refuses_a_file_that_others_can_write) {
  char name[] = "/tmp/redflag-config-XXXXXX";
  ASSERT_NE(::mkdtemp(name), nullptr);
  const std::filesystem::path file = std::filesystem::path(name) / "agent.yaml";
  std::ofstream(file) << "version: 1\n";
  ::chmod(file.c_str(), 0644);
  EXPECT_TRUE(loadConfig(file));
  ::chmod(file.c_str(), 0666);
  const auto refused = loadConfig(file);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, file.string() + ": others than its owner can write it");
  EXPECT_FALSE(loadConfig(std::filesystem::path(name) / "missing.yaml"));
  std::filesystem::remove_all(name);
}

TEST(Config, shows_each_value_with_its_source) {
  const Json schema = Json::parse(R"({"type":"object","properties":{"refresh":{"enum":["private","never"]},
                                      "depth":{"type":"integer","default":4}}})");
  std::map<std::string, std::pair<Json, std::string>> shown;
  for (const auto& value : effectiveValues(full(), {{"apt", schema}}))
    shown[value.key] = {value.value, value.source};
  EXPECT_EQ(shown["mode"], std::pair(Json("act"), std::string("agent.yaml:2")));
  EXPECT_EQ(shown["plugins.apt.every"], std::pair(Json("2h"), std::string("agent.yaml:15")));
  EXPECT_EQ(shown["plugins.system.every"], std::pair(Json("6h"), std::string("schedule.every")));
  EXPECT_EQ(shown["plugins.apt.settings.refresh"], std::pair(Json("private"), std::string("agent.yaml:18")));
  EXPECT_EQ(shown["plugins.apt.settings.depth"], std::pair(Json(4), std::string("plugin's default")));
  for (const auto& value : effectiveValues(defaultConfig(), {}))
    EXPECT_EQ(value.source, "default") << value.key;
}

}  // namespace
}  // namespace redflag::kernel
