#include "policy/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

NamedWindow window(const char* name, const char* text) {
  return {name, text, Window::parse(text).value()};
}

PolicyRule always(int line, const char* action, std::vector<std::string> packages) {
  PolicyRule rule;
  rule.line = line;
  rule.action = action;
  rule.packages = std::move(packages);
  rule.always = true;
  return rule;
}

// The example of the manual.
Policy example() {
  Policy policy;
  PolicyRule at_night = always(24, "apt/install", {"*"});
  at_night.always = false;
  at_night.when = {window("night", "Mon-Fri 22:00-05:00"), window("sunday", "Sun 01:00-06:00")};
  PolicyRule security = always(25, "apt/install", {"*"});
  security.category = "security";
  PolicyRule reboot = always(26, "system/reboot", {});
  reboot.always = false;
  reboot.when = {window("sunday", "Sun 01:00-06:00")};
  policy.allow = {at_night, security, reboot};
  PolicyRule dba = always(28, "", {"postgresql-*", "linux-image-*"});
  dba.reason = "DBA team does these by hand";
  PolicyRule removals = always(29, "", {});
  removals.removals = true;
  removals.reason = "no order may remove a package";
  policy.deny = {dba, removals};
  return policy;
}

PolicyStep upgrade(const char* name, const char* category = "updates") {
  return {"upgrade", name, category};
}

PolicyDecision ask(const Policy& policy, std::vector<PolicyStep> steps, const char* at,
                   const char* action = "apt/install") {
  return decide(policy, {action, std::move(steps)}, parseLocalMinute(at).value());
}

TEST(Policy, allows_nothing_when_it_is_empty) {
  EXPECT_FALSE(ask({}, {upgrade("nginx")}, "Mon 23:00").allowed);
  EXPECT_FALSE(ask({}, {}, "Mon 23:00").allowed);
}

TEST(Policy, allows_inside_a_window_and_names_the_line) {
  const auto decision = ask(example(), {upgrade("nginx")}, "Mon 23:00");
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.line, 24);
}

TEST(Policy, refuses_outside_the_window_and_says_when_it_is) {
  const auto decision = ask(example(), {upgrade("nginx")}, "Sat 23:00");
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.line, 24);
  EXPECT_THAT(decision.reason,
              HasSubstr("night (Mon-Fri 22:00-05:00), sunday (Sun 01:00-06:00); now it is Sat 23:00"));
}

TEST(Policy, allows_a_category_at_any_time_but_only_if_the_whole_plan_has_it) {
  EXPECT_TRUE(ask(example(), {upgrade("nginx", "security")}, "Sat 23:00").allowed);
  const auto mixed = ask(example(), {upgrade("nginx", "security"), upgrade("libfoo")}, "Sat 23:00");
  EXPECT_FALSE(mixed.allowed);
  EXPECT_THAT(mixed.reason, HasSubstr("libfoo"));
}

TEST(Policy, lets_one_denied_package_refuse_the_plan) {
  const auto decision = ask(example(), {upgrade("nginx"), upgrade("postgresql-15", "security")}, "Mon 23:00");
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.line, 28);
  EXPECT_EQ(decision.reason,
            "upgrade of postgresql-15 is denied by line 28 of the policy: DBA team does these by hand");
}

TEST(Policy, lets_a_denied_removal_refuse_the_plan) {
  const auto decision = ask(example(), {upgrade("nginx"), {"remove", "apache2", "updates"}}, "Mon 23:00");
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.line, 29);
}

TEST(Policy, needs_an_allow_line_of_their_own_for_removals_and_downgrades) {
  for (const char* operation : {"remove", "downgrade"}) {
    Policy policy;
    policy.allow = {always(1, "apt/install", {"*"})};
    const std::vector<PolicyStep> steps = {upgrade("nginx"), {operation, "nginx-core", "updates"}};
    EXPECT_FALSE(ask(policy, steps, "Mon 23:00").allowed) << operation;
    PolicyRule own = always(2, "apt/install", {"nginx-*"});
    (std::string_view(operation) == "remove" ? own.removals : own.downgrades) = true;
    policy.allow.push_back(own);
    EXPECT_TRUE(ask(policy, steps, "Mon 23:00").allowed) << operation;
    EXPECT_FALSE(ask(policy, {{operation, "bash", "updates"}}, "Mon 23:00").allowed) << operation;
  }
}

TEST(Policy, does_not_read_an_allow_line_for_removals_as_one_for_upgrades) {
  Policy policy;
  PolicyRule removals = always(1, "apt/install", {"*"});
  removals.removals = true;
  policy.allow = {removals};
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Mon 23:00").allowed);
  EXPECT_FALSE(ask(policy, {}, "Mon 23:00").allowed);
}

TEST(Policy, never_allows_an_operation_it_does_not_know) {
  Policy policy;
  PolicyRule everything = always(1, "*", {"*"});
  PolicyRule more = everything;
  more.removals = more.downgrades = true;
  policy.allow = {everything, more};
  EXPECT_TRUE(ask(policy, {{"remove", "nginx", ""}}, "Mon 23:00").allowed);
  EXPECT_FALSE(ask(policy, {{"purge", "nginx", ""}}, "Mon 23:00").allowed);
  EXPECT_FALSE(ask(policy, {{"", "nginx", ""}}, "Mon 23:00").allowed);
}

TEST(Policy, keeps_actions_apart) {
  EXPECT_FALSE(ask(example(), {upgrade("nginx")}, "Mon 23:00", "dnf/install").allowed);
  EXPECT_TRUE(ask(example(), {}, "Sun 02:00", "system/reboot").allowed);
  EXPECT_FALSE(ask(example(), {}, "Mon 23:00", "system/reboot").allowed);
  EXPECT_FALSE(ask(example(), {}, "Sun 02:00", "system/shutdown").allowed);
}

TEST(Policy, allows_a_download_as_the_install_now_where_no_line_speaks_of_it) {
  Policy policy;
  PolicyRule at_night = always(1, "apt/install", {"*"});
  at_night.always = false;
  at_night.when = {window("night", "Mon-Fri 22:00-05:00")};
  policy.allow = {at_night};
  EXPECT_TRUE(ask(policy, {upgrade("nginx")}, "Mon 23:00", "apt/download").allowed);
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Mon 12:00", "apt/download").allowed);
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Mon 23:00", "dnf/download").allowed);
  policy.allow.push_back(always(2, "apt/download", {"*"}));
  EXPECT_TRUE(ask(policy, {upgrade("nginx")}, "Mon 12:00", "apt/download").allowed);
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Mon 12:00").allowed) << "an install is no download";
  policy.deny = {always(3, "apt/download", {"nginx"})};
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Mon 23:00", "apt/download").allowed);
}

TEST(Policy, denies_only_at_the_denied_time) {
  Policy policy;
  policy.allow = {always(1, "apt/*", {"*"})};
  PolicyRule busy = always(2, "apt/install", {});
  busy.always = false;
  busy.when = {window("month-end", "Fri 08:00-18:00")};
  policy.deny = {busy};
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Fri 09:00").allowed);
  EXPECT_FALSE(ask(policy, {}, "Fri 09:00").allowed);
  EXPECT_TRUE(ask(policy, {upgrade("nginx")}, "Fri 19:00").allowed);
}

TEST(Policy, matches_a_rule_without_a_time_never) {
  Policy policy;
  policy.allow = {PolicyRule{}};
  EXPECT_FALSE(ask(policy, {upgrade("nginx")}, "Mon 23:00").allowed);
}

TEST(Glob, matches_stars_and_question_marks_only) {
  struct Case {
    const char* pattern;
    const char* text;
    bool expected;
  };
  const std::vector<Case> cases = {
      {"*", "", true},
      {"*", "nginx", true},
      {"", "", true},
      {"", "a", false},
      {"nginx", "nginx", true},
      {"nginx", "nginx2", false},
      {"nginx*", "nginx", true},
      {"*-dev", "libc6-dev", true},
      {"*-dev", "libc6-dev2", false},
      {"lib*-*v", "libc-6-dev", true},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"[a]", "a", false},
      {"[a]", "[a]", true},
      {"g++*", "g++-12", true},
      {"*a*b", "aab", true},
      {"**", "x", true},
      {"a*", "ba", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(globMatches(c.pattern, c.text), c.expected) << c.pattern << " ~ " << c.text;
}

}  // namespace
}  // namespace redflag::kernel
