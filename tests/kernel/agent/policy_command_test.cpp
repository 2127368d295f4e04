#include "agent/policy_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace redflag::kernel {
namespace {

using testing::HasSubstr;

constexpr const char* kYaml = R"(version: 1
mode: act
windows:
  night: "Mon-Fri 22:00-05:00"
  sunday: "Sun 01:00-06:00"
policy:
  allow:
    - {action: apt/install, packages: ["*"], when: [night, sunday]}
    - {action: apt/install, packages: ["*"], category: security, when: always}
  deny:
    - {packages: ["postgresql-*"], reason: "DBA team does these by hand"}
    - {removals: any, reason: "no order may remove a package"}
)";

struct Answer {
  int exit_code;
  std::string out;
  std::string err;
};

Answer ask(const PolicyTestRequest& request, const std::string& yaml = kYaml) {
  const LoadedConfig loaded = checkConfigText(yaml, "agent.yaml");
  EXPECT_TRUE(loaded.config.has_value());
  std::ostringstream out;
  std::ostringstream err;
  const int code = runPolicyTest(*loaded.config, request, out, err);
  return {code, out.str(), err.str()};
}

TEST(PolicyTest, names_the_line_that_allows) {
  const auto answer = ask({.action = "apt/install", .package = "nginx", .at = "Mon 23:00"});
  EXPECT_EQ(answer.exit_code, 0);
  EXPECT_EQ(answer.out, "allowed: line 8 of the policy allows upgrade of nginx by apt/install\n");
}

TEST(PolicyTest, says_when_it_would_be_allowed) {
  const auto answer = ask({.action = "apt/install", .package = "nginx", .at = "Sat 23:00"});
  EXPECT_EQ(answer.exit_code, 3);
  EXPECT_THAT(answer.out, HasSubstr("refused: line 8 of the policy allows"));
  EXPECT_THAT(answer.out, HasSubstr("night (Mon-Fri 22:00-05:00)"));
}

TEST(PolicyTest, gives_the_owners_reason) {
  const auto answer = ask({.action = "apt/install", .package = "postgresql-15", .at = "Mon 23:00"});
  EXPECT_EQ(answer.exit_code, 3);
  EXPECT_THAT(answer.out, HasSubstr("line 11 of the policy: DBA team does these by hand"));
}

TEST(PolicyTest, goes_by_category_and_operation) {
  PolicyTestRequest request{
      .action = "apt/install", .package = "nginx", .category = "security", .at = "Sat 23:00"};
  EXPECT_EQ(ask(request).exit_code, 0);
  request.operation = "remove";
  EXPECT_EQ(ask(request).exit_code, 3);
}

TEST(PolicyTest, prints_one_json_document) {
  const auto answer =
      ask({.action = "apt/install", .package = "nginx", .at = "2025-03-03 23:00", .json = true});
  const auto json = parseJson(answer.out);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(json->at("allowed"), true);
  EXPECT_EQ(json->at("line"), 8);
  EXPECT_EQ(json->at("at"), "Mon 23:00");
  const auto none =
      parseJson(ask({.action = "dnf/install", .package = "nginx", .at = "Mon 23:00", .json = true}).out);
  EXPECT_EQ(none->at("line"), nullptr);
  EXPECT_EQ(none->at("allowed"), false);
}

TEST(PolicyTest, says_that_report_mode_carries_out_nothing) {
  const auto answer = ask({.action = "apt/install", .package = "nginx"}, "version: 1\n");
  EXPECT_EQ(answer.exit_code, 3);
  EXPECT_THAT(answer.out, HasSubstr("report mode"));
}

TEST(PolicyTest, refuses_questions_that_make_no_sense) {
  for (const PolicyTestRequest& request :
       {PolicyTestRequest{.action = "install"}, PolicyTestRequest{.action = "apt/"},
        PolicyTestRequest{.action = "apt/install", .at = "tomorrow"},
        PolicyTestRequest{.action = "apt/install", .package = "nginx", .operation = "purge"}}) {
    const auto answer = ask(request);
    EXPECT_EQ(answer.exit_code, 2);
    EXPECT_EQ(answer.out, "");
    EXPECT_THAT(answer.err, HasSubstr("expected"));
  }
}

}  // namespace
}  // namespace redflag::kernel
