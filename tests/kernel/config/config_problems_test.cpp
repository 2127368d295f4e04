// Every mistake an admin can make has a file, a line, a key and what was expected.
#include <gmock/gmock.h>

#include "config/config.h"

namespace redflag::kernel {
namespace {

struct Mistake {
  const char* yaml;
  int line;
  const char* key;
  const char* text;
};

class ConfigProblems : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigProblems, name_line_key_and_what_was_expected) {
  const Mistake& mistake = GetParam();
  const auto loaded = checkConfigText(mistake.yaml, "agent.yaml");
  EXPECT_FALSE(loaded.config);
  ASSERT_FALSE(loaded.problems.empty()) << mistake.yaml;
  EXPECT_EQ(loaded.problems[0].place.line, mistake.line) << mistake.yaml;
  EXPECT_EQ(loaded.problems[0].key, mistake.key) << mistake.yaml;
  EXPECT_THAT(loaded.problems[0].text, testing::HasSubstr(mistake.text)) << mistake.yaml;
}

INSTANTIATE_TEST_SUITE_P(
    , ConfigProblems,
    testing::Values(
        Mistake{"", 0, "", "expected a map that begins with version: 1"},
        Mistake{"- a\n", 1, "", "expected a map that begins with version: 1"},
        Mistake{"mode: report\n", 1, "", "version is missing: expected 1"},
        Mistake{"version: 2\n", 1, "version", "expected 1"},
        Mistake{"version: 1\nmode: fast\n", 2, "mode", "expected one of report, act"},
        Mistake{"version: 1\nmod: act\n", 2, "mod", "did you mean mode?"},
        Mistake{"version: 1\nschedule:\n  evry: 6h\n", 3, "schedule.evry", "did you mean every?"},
        Mistake{"version: 1\nschedule:\n  zzzzzzzz: 6h\n", 3, "schedule.zzzzzzzz",
                "expected one of every, jitter"},
        Mistake{"version: 1\nschedule:\n  every: 6\n", 3, "schedule.every", "a duration like 90s"},
        Mistake{"version: 1\nschedule:\n  every: 6 hours\n", 3, "schedule.every", "a duration like 90s"},
        Mistake{"version: 1\nschedule: {every: 1s}\n", 2, "schedule.every", "at least 1m"},
        Mistake{"version: 1\nschedule: {every: 1h, jitter: 2h}\n", 2, "schedule.jitter",
                "at most the interval, 1h"},
        Mistake{"version: 1\nschedule: {max_parallel: \"3\"}\n", 2, "schedule.max_parallel",
                "a whole number from 1 up to 32"},
        Mistake{"version: 1\nschedule: {max_parallel: 0}\n", 2, "schedule.max_parallel",
                "a whole number from 1 up to 32"},
        Mistake{"version: 1\nschedule: daily\n", 2, "schedule", "expected a map"},
        Mistake{"version: 1\nlimits:\n  memory: 1MB\n", 3, "limits.memory", "a size like 64KiB"},
        Mistake{"version: 1\nlimits: {memory: 1MiB}\n", 2, "limits.memory", "at least 16MiB"},
        Mistake{"version: 1\nlimits: {records: 0}\n", 2, "limits.records", "a whole number from 1"},
        Mistake{"version: 1\nbreaker: {open: 2h, open_max: 1h}\n", 2, "breaker.open_max",
                "at least breaker.open, 2h"},
        Mistake{"version: 1\nserver: {proxy: squid}\n", 2, "server.proxy", "none, system, or http://"},
        Mistake{"version: 1\nserver: {enrolment_file: enrol}\n", 2, "server.enrolment_file",
                "an absolute path"},
        Mistake{"version: 1\nplugins:\n  apt:\n    setings: {}\n", 4, "plugins.apt.setings",
                "did you mean settings?"},
        Mistake{"version: 1\nplugins:\n  ../evil: {}\n", 3, "plugins.../evil", "expected a plugin's id"},
        Mistake{"version: 1\nplugins:\n  apt: {publisher: \"ed25519:q\"}\n", 3, "plugins.apt.publisher",
                "a publisher's key like ed25519:BASE64"},
        Mistake{"version: 1\nplugins:\n  a.b: {sha256: abc}\n", 3, "plugins.a.b.sha256",
                "64 hexadecimal digits"},
        Mistake{"version: 1\nplugins:\n  a.b: {capabilities: exec}\n", 3, "plugins.a.b.capabilities",
                "expected a list"},
        Mistake{"version: 1\nwindows:\n  night: \"Mon 25:00-26:00\"\n", 3, "windows.night", ""},
        Mistake{"version: 1\nwindows:\n  always: \"Mon 01:00-02:00\"\n", 3, "windows.always",
                "a word of its own"},
        Mistake{"version: 1\npolicy:\n  allow:\n    - {action: apt/install}\n", 4, "policy.allow.0",
                "when is missing: expected always, or a list"},
        Mistake{"version: 1\npolicy:\n  allow:\n    - {action: apt/install, when: [nigth]}\n", 4,
                "policy.allow.0.when", "there is no window \"nigth\""},
        Mistake{"version: 1\npolicy:\n  allow:\n    - {action: \"rm -rf\", when: always}\n", 4,
                "policy.allow.0.action", "an action like apt/install"},
        Mistake{"version: 1\npolicy:\n  allow:\n    - {action: a/b, when: always, notice: 5m}\n", 4,
                "policy.allow.0.notice", "not supported by this version"},
        Mistake{"version: 1\npolicy:\n  deny:\n    - {packages: nginx}\n", 4, "policy.deny.0.packages",
                "a list of package names"},
        Mistake{"version: 1\npolicy:\n  deny:\n    - {removals: yes}\n", 4, "policy.deny.0.removals",
                "expected any"},
        Mistake{"version: 1\npolicy: {server_may_set: [schedule, mode]}\n", 2, "policy.server_may_set.1",
                "expected a key below schedule"},
        Mistake{"version: 1\npolicy: {server_may_set: [plugins]}\n", 2, "policy.server_may_set.0",
                "the owner's alone"},
        Mistake{"version: 1\npolicy: {server_may_set: ['plugins.*']}\n", 2, "policy.server_may_set.0",
                "the owner's alone"},
        Mistake{"version: 1\npolicy: {server_may_set: [plugins.apt.capabilities]}\n", 2,
                "policy.server_may_set.0", "the owner's alone"},
        Mistake{"version: 1\npolicy: {server_may_set: [policy.allow]}\n", 2, "policy.server_may_set.0",
                "the owner's alone"},
        Mistake{"version: 1\npolicy: {agent_updates: all}\n", 2, "policy.agent_updates", "expected never"},
        Mistake{"version: 1\nlog: {to: /var/log/x}\n", 2, "log.to", "expected one of journal, stderr"}));

TEST(Config, lists_every_problem_in_the_order_of_the_file) {
  const auto loaded = checkConfigText("version: 1\nmode: x\nlimits:\n  time: soon\n  cup: 1s\nbreaker: 3\n",
                                      "/etc/redflag/agent.yaml");
  ASSERT_EQ(loaded.problems.size(), 4U);
  EXPECT_EQ(loaded.problems[0].toText(), "/etc/redflag/agent.yaml:2:1: mode: expected one of report, act");
  EXPECT_EQ(loaded.problems[1].key, "limits.time");
  EXPECT_EQ(loaded.problems[2].toText(),
            "/etc/redflag/agent.yaml:5:3: limits.cup: unknown key; did you mean cpu?");
  EXPECT_EQ(loaded.problems[3].toText(), "/etc/redflag/agent.yaml:6:1: breaker: expected a map");
}

}  // namespace
}  // namespace redflag::kernel
