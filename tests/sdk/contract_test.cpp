// What the host holds against a plugin: rows, scopes, reports, kept state.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host_run.h"

namespace redflag::test {
namespace {

using host::FrameType;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The state frames as they would be kept.
std::vector<std::string> keptBy(const Outcome& outcome) {
  std::vector<std::string> out;
  for (const auto& frame : outcome.frames) {
    if (frame.type != FrameType::kState) continue;
    const auto state = host::decodeState(frame.payload).value();
    out.push_back(state.first + "=" + state.second);
  }
  return out;
}

TEST(Rows, that_are_refused_lower_the_run_and_are_explained) {
  for (const char* mode : {"unknown_field", "missing_field", "undeclared_kind"}) {
    const Outcome run = runMoody(mode);
    EXPECT_EQ(run.status(), "invalid") << mode;
    EXPECT_THAT(run.codes(), ElementsAre("record.refused")) << mode;
    EXPECT_THAT(run.all(FrameType::kRecord), IsEmpty()) << mode;
    EXPECT_THAT(run.scopes(), ElementsAre("=invalid")) << mode;
  }
  EXPECT_THAT(runMoody("unknown_field").reportText("record.refused"), HasSubstr("\"colour\""));
  EXPECT_THAT(runMoody("missing_field").reportText("record.refused"), HasSubstr("\"value\""));
  EXPECT_THAT(runMoody("undeclared_kind").reportText("record.refused"), HasSubstr("\"volume/1\""));
}

TEST(Rows, that_are_refused_fail_their_own_scope_only) {
  const Outcome run = runMoody("refused_in_scope");
  EXPECT_EQ(run.status(), "invalid") << "though the plugin said ok";
  EXPECT_THAT(run.scopes(), ElementsAre("first=invalid", "second=ok"));
}

TEST(Rows, of_a_third_partys_kind_are_passed_on) {
  const Outcome run = runMoody("foreign");
  EXPECT_EQ(run.status(), "ok");
  EXPECT_EQ(run.all(FrameType::kRecord).at(0),
            Json::parse(R"({"record":"org.example.thing/1","colour":"red","size":3})"));
}

TEST(Rows, and_scopes_left_open_are_dropped_and_failed) {
  const Outcome run = runFixture("test.leaves_open");
  EXPECT_EQ(run.status(), "invalid");
  EXPECT_THAT(run.scopes(), ElementsAre("open=internal"));
  EXPECT_THAT(run.all(FrameType::kRecord), IsEmpty());
}

TEST(Status, that_no_contract_knows_counts_as_a_defect) {
  const Outcome run = runFixture("test.odd_status");
  EXPECT_EQ(run.status(), "internal");
  EXPECT_THAT(run.scopes(), ElementsAre("=internal"));
}

TEST(Reports, carry_status_code_and_a_text_in_one_line) {
  const Outcome run = runMoody("report");
  EXPECT_EQ(run.status(), "ok") << "a report explains, it never decides";
  EXPECT_EQ(run.all(FrameType::kReport).at(0),
            Json::parse(R"({"status":"transient","code":"test.reported","text":"a text for people"})"));
  EXPECT_THAT(runMoody("bad_report").codes(), ElementsAre("plugin.bad_report"));
}

TEST(Progress, is_kept_within_its_range) {
  EXPECT_EQ(runMoody("progress").all(FrameType::kProgress).at(0),
            Json::parse(R"({"percent":100,"text":"nearly"})"));
}

TEST(State, leaves_only_with_a_run_that_worked) {
  const Outcome kept = runMoody("keep");
  EXPECT_THAT(kept.codes(), IsEmpty());
  EXPECT_THAT(keptBy(kept), ElementsAre("thing=kept"));
  EXPECT_THAT(keptBy(runMoody("keep_and_fail")), IsEmpty());
}

TEST(State, leaves_with_a_run_in_which_one_source_of_several_failed) {
  const Outcome run = runMoody("keep_and_fail_a_scope");
  EXPECT_EQ(run.status(), "ok");
  EXPECT_THAT(run.scopes(), ElementsAre("first=transient", "second=ok"));
  EXPECT_THAT(keptBy(run), ElementsAre("thing=kept"));
}

Outcome recall(const char* purpose) {
  HostProcess process;
  const auto start = startOf("test.moody", {{"settings", {{"mode", "recall"}}}, {"purpose", purpose}});
  process.load(start);
  process.send(FrameType::kStateIn, host::encodeState("thing", "from before"));
  process.begin(start);
  return process.finish();
}

TEST(State, from_before_is_shown_but_never_to_a_verifying_scan) {
  EXPECT_EQ(recall("updates").fact("value"), "from before");
  EXPECT_EQ(recall("verify").status(), "not_applicable");
  EXPECT_EQ(runMoody("recall").status(), "not_applicable");
}

}  // namespace
}  // namespace redflag::test
