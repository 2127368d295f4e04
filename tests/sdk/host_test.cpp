// redflag-host as a process: what it loads, what it refuses, and how a run can end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "host/manifest.h"
#include "host_run.h"
#include "protocol/limits.h"

namespace redflag::test {
namespace {

using host::FrameType;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Host, carries_a_scan_from_hello_to_done) {
  const Outcome run = runFixture("test.good");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.status(), "ok");
  ASSERT_GE(run.frames.size(), 2U);
  EXPECT_EQ(run.frames[0].type, FrameType::kSealed);
  EXPECT_EQ(run.frames[1].type, FrameType::kHello);
  EXPECT_EQ(run.frames.back().type, FrameType::kDone);
  EXPECT_EQ(run.all(FrameType::kHello).at(0).at("id"), "test.good");
  EXPECT_EQ(run.all(FrameType::kHello).at(0).at("version"), "1.2.3");
  EXPECT_THAT(run.scopes(), ElementsAre("main=ok", "=ok"));
  const auto records = run.all(FrameType::kRecord);
  ASSERT_EQ(records.size(), 5U);
  EXPECT_EQ(records[0].at("manager"), "test.good");
  EXPECT_EQ(records[0].at("cves"), Json::array({"CVE-2024-1", "CVE-2024-2"}));
  EXPECT_THAT(run.codes(), IsEmpty());
}

TEST(Host, carries_a_scanner_in_plain_c) {
  const Outcome run = runFixture("test.plain");
  EXPECT_EQ(run.status(), "ok");
  EXPECT_EQ(run.fact("language"), "C");
  EXPECT_THAT(run.scopes(), ElementsAre("=ok"));
}

TEST(Host, runs_the_scanner_of_the_documentation) {
  const Outcome granted = runFixture("org.example.opt", {{"capabilities", {"read:/opt"}}});
  EXPECT_THAT(granted.status(), testing::AnyOf("ok", "not_applicable"))
      << "as there is a folder /opt, or not";
  EXPECT_THAT(granted.codes(), Each(Not(testing::StartsWith("plugin."))));
  const Outcome refused = runFixture("org.example.opt");
  EXPECT_EQ(refused.status(), "denied");
  EXPECT_THAT(refused.codes(), ElementsAre("service.denied", "opt.unreadable"));
}

TEST(Host, answers_a_probe_without_scopes) {
  EXPECT_EQ(runMoody("", "", {{"operation", "probe"}}).status(), "ok");
  const Outcome absent = runMoody("absent", "", {{"operation", "probe"}});
  EXPECT_EQ(absent.status(), "not_applicable");
  EXPECT_THAT(absent.scopes(), IsEmpty());
}

TEST(Host, turns_exceptions_into_a_report) {
  const Outcome scan = runMoody("throw_in_scan");
  EXPECT_EQ(scan.status(), "internal");
  EXPECT_EQ(scan.code, 0);
  EXPECT_EQ(scan.reportText("plugin.exception"), "thrown in scan");
  EXPECT_THAT(scan.scopes(), ElementsAre("=internal"));
  EXPECT_EQ(runMoody("throw_seven").status(), "internal");
  EXPECT_THAT(runMoody("throw_in_scope").scopes(), ElementsAre("half=internal"));
  EXPECT_EQ(runMoody("throw_in_configure").status(), "internal");
}

TEST(Host, reports_a_plugin_that_cannot_be_created) {
  const Outcome in_cpp = runFixture("test.thrower");
  EXPECT_EQ(in_cpp.status(), "internal");
  EXPECT_THAT(in_cpp.codes(), ElementsAre("plugin.not_created"));
  EXPECT_EQ(in_cpp.all(FrameType::kLog).at(0).at("text"), "thrown in the constructor");
  EXPECT_EQ(runFixture("test.not_created").status(), "internal");
}

TEST(Host, hands_on_that_settings_are_refused) {
  const Outcome run = runMoody("refuse_settings");
  EXPECT_EQ(run.status(), "misconfigured");
  EXPECT_THAT(run.codes(), ElementsAre("plugin.not_configured"));
}

TEST(Host, dies_with_a_plugin_that_crashes) {
  const Outcome run = runFixture("test.crasher");
  EXPECT_TRUE(run.signal == SIGSEGV || (run.code.has_value() && run.code != 0));
  EXPECT_EQ(run.status(), "");
}

TEST(Host, leaves_no_done_when_a_plugin_exits) {
  const Outcome run = runMoody("exit");
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.status(), "");
}

TEST(Host, can_be_ended_while_a_plugin_hangs) {
  HostProcess process;
  process.start(startOf("test.hanger"));
  process.waitFor(FrameType::kHello);
  process.killGroup();
  const Outcome run = process.finish();
  EXPECT_EQ(run.signal, SIGKILL);
  EXPECT_EQ(run.status(), "");
}

TEST(Host, ends_a_plugin_that_floods) {
  const Outcome run = runFixture("test.flooder", {{"max_records", 50}});
  EXPECT_EQ(run.status(), "limit");
  EXPECT_EQ(run.all(FrameType::kRecord).size(), 50U);
  EXPECT_THAT(run.codes(), ElementsAre("record.limit", "plugin.runaway"));
}

TEST(Host, says_that_a_plugin_floods_although_that_one_has_said_all_it_may) {
  const auto codes = runMoody("talk_and_flood", "", {{"max_records", 50}}).codes();
  ASSERT_EQ(codes.size(), protocol::kMaxScanReports);
  EXPECT_EQ(codes.front(), "test.reported");
  EXPECT_EQ(codes.back(), "plugin.runaway") << "by which the agent knows it from one that only fails";
}

TEST(Host, refuses_another_abi_and_names_both) {
  const Outcome run = runFixture("test.other_abi");
  EXPECT_EQ(run.status(), "unsupported");
  EXPECT_EQ(run.reportText("plugin.other_abi"), "the library was built for ABI 2, this program loads ABI 1");
}

TEST(Host, refuses_structs_that_are_too_small) {
  for (const char* id :
       {"test.small_library", "test.small_descriptor", "test.small_plugin", "test.small_table"}) {
    const Outcome run = runFixture(id);
    EXPECT_EQ(run.status(), "invalid") << id;
    EXPECT_THAT(run.codes(), ElementsAre("plugin.broken_contract")) << id;
    EXPECT_THAT(run.all(FrameType::kRecord), IsEmpty()) << id;
  }
}

TEST(Host, refuses_what_is_no_plugin) {
  const Outcome no_entry = runFixture("test.no_entry_point");
  EXPECT_EQ(no_entry.status(), "invalid");
  EXPECT_THAT(no_entry.reportText("plugin.not_loaded"), HasSubstr("rf_plugin_library_v1"));
  EXPECT_THAT(runFixture("test.absent").codes(), ElementsAre("plugin.not_loaded"));
  EXPECT_THAT(runFixture("x", {{"library", "/etc/hostname"}}).codes(), ElementsAre("plugin.not_loaded"));
}

TEST(Host, is_not_applicable_without_a_library_the_manifest_requires) {
  const Outcome run = runFixture("test.good", {{"requires", {"libc.so.6", "libnowhere.so.9"}}});
  EXPECT_EQ(run.status(), "not_applicable");
  EXPECT_EQ(run.reportText("plugin.library_missing"), "libnowhere.so.9 is not installed on this machine");
  EXPECT_EQ(runFixture("test.good", {{"requires", {"libc.so.6"}}}).status(), "ok");
  EXPECT_EQ(runFixture("test.good", {{"requires", {fixture("test.moody")}}}).status(), "not_applicable");
}

TEST(Host, refuses_a_library_that_is_not_the_expected_one) {
  const Json manifest = host::toJson(host::loadManifest(REDFLAG_BUILD "/test_plugins", "test.good").value());
  EXPECT_EQ(runFixture("test.good", {{"expect", manifest}}).status(), "ok");
  const Json changed = {{"id", "test.other"},
                        {"version", "1.2.4"},
                        {"name", "Another"},
                        {"vendor", "Nobody"},
                        {"abi_minor", 99},
                        {"platform", "linux-m68k"},
                        {"interfaces", {"rf.updater/1"}},
                        {"record_kinds", {"update/1", "org.example.other/1"}},
                        {"capabilities", {{{"spec", "exec:/bin/sh"}, {"required", true}}}},
                        {"requires_libraries", {"libc.so.6"}},
                        {"config_schema", {{"type", "object"}}}};
  for (const auto& [member, value] : changed.items()) {
    Json expect = manifest;
    ASSERT_NE(expect.at(member), value) << member << ": the test changes nothing";
    expect[member] = value;
    const Outcome run = runFixture("test.good", {{"expect", expect}});
    EXPECT_EQ(run.status(), "invalid") << member;
    EXPECT_THAT(run.reportText("plugin.other_library"), HasSubstr("its manifest: " + member + " is"))
        << member;
  }
  Json other_bytes = manifest;
  other_bytes["sha256"] = std::string(64, '0');
  EXPECT_THAT(runFixture("test.good", {{"expect", other_bytes}}).codes(), ElementsAre("plugin.not_loaded"));
  EXPECT_THAT(runFixture("test.good", {{"expect", {{"id", "test.good"}}}}).reportText("host.bad_start"),
              HasSubstr("load.expect.version"));
}

TEST(Host, survives_junk_on_the_descriptors_it_was_given) {
  const Outcome run = runMoody("junk_on_3_and_4");
  EXPECT_EQ(run.status(), "ok");
  EXPECT_EQ(run.broken, "");
}

TEST(Host, is_seen_to_be_broken_when_a_plugin_finds_its_stream) {
  EXPECT_THAT(runMoody("junk").broken, HasSubstr("frame"));
}

TEST(Host, refuses_an_interface_or_operation_that_is_not_there) {
  EXPECT_EQ(runFixture("test.good", {{"interface", "rf.updater/1"}, {"operation", "plan"}}).status(),
            "unsupported");
  EXPECT_EQ(runFixture("test.good", {{"operation", "dance"}}).status(), "unsupported");
}

TEST(Host, names_what_is_wrong_with_a_start) {
  const auto text = [](const Json& more) {
    const Outcome run = runFixture("test.good", more);
    EXPECT_EQ(run.status(), "invalid");
    return run.reportText("host.bad_start");
  };
  EXPECT_THAT(text({{"library", "relative.so"}}), HasSubstr("load.library: expected an absolute path"));
  EXPECT_THAT(text({{"deadline_ms", -1}}), HasSubstr("start.deadline_ms"));
  EXPECT_THAT(text({{"purpose", "fun"}}), HasSubstr("start.purpose"));
  EXPECT_THAT(text({{"settings", 1}}), HasSubstr("start.settings"));
  EXPECT_THAT(text({{"surprise", 1}}), HasSubstr("start.surprise"));
  EXPECT_THAT(text({{"capabilities", {1}}}), HasSubstr("load.capabilities"));
}

TEST(Host, refuses_a_start_that_is_no_frame_or_never_comes) {
  HostProcess garbage;
  garbage.sendBytes("this is no frame");
  EXPECT_EQ(garbage.finish().status(), "invalid");
  HostProcess wrong;
  wrong.send(FrameType::kCancel, "");
  EXPECT_THAT(wrong.finish().reportText("host.bad_start"), HasSubstr("expected what to load"));
  HostProcess twice;
  twice.load(startOf("test.good"));
  twice.load(startOf("test.crasher"));
  EXPECT_THAT(twice.finish().reportText("host.bad_start"), HasSubstr("expected kept state or a start"));
}

TEST(Cancel, reaches_the_plugin_as_a_frame) {
  HostProcess process;
  process.start(startOf("test.moody", {{"settings", {{"mode", "wait"}}}}));
  process.waitFor(FrameType::kHello);
  process.send(FrameType::kCancel, "");
  EXPECT_EQ(process.finish().status(), "cancelled");
}

TEST(Cancel, that_comes_together_with_the_start_is_seen) {
  HostProcess process;
  process.start(startOf("test.moody", {{"settings", {{"mode", "wait"}}}}));
  process.send(FrameType::kCancel, "");
  EXPECT_EQ(process.finish().status(), "cancelled");
}

TEST(Cancel, is_what_a_scan_does_when_its_starter_is_gone) {
  const std::string output = testing::TempDir() + "/redflag-orphan-" + std::to_string(::getpid());
  HostProcess process(output);
  process.start(startOf("test.moody", {{"settings", {{"mode", "wait"}}}}));
  process.closeInput();
  EXPECT_EQ(process.finish().status(), "cancelled");
  std::filesystem::remove(output);
}

TEST(Cancel, is_what_a_deadline_does) {
  EXPECT_EQ(runMoody("wait", "", {{"deadline_ms", 30}}).status(), "cancelled");
  const Json left = runMoody("deadline", "", {{"deadline_ms", 10'000}}).fact("left_ms");
  ASSERT_TRUE(left.is_number_integer());
  EXPECT_GT(left.get<int>(), 5'000);
  EXPECT_LE(left.get<int>(), 10'000);
}

TEST(Updater, answers_a_plan_with_one_document) {
  const Outcome run = runFixture(
      "test.idle_updater",
      {{"interface", "rf.updater/1"}, {"operation", "plan"}, {"request", {{"updates", Json::array()}}}});
  EXPECT_EQ(run.status(), "ok");
  EXPECT_EQ(run.all(FrameType::kResult).at(0), Json::parse(R"({"steps":[],"request":{"updates":[]}})"));
  EXPECT_THAT(run.scopes(), IsEmpty());
}

TEST(Updater, survives_its_starter_and_leaves_the_outcome_in_the_file) {
  const std::string output = testing::TempDir() + "/redflag-install-" + std::to_string(::getpid());
  HostProcess process(output);
  process.start(startOf("test.idle_updater", {{"interface", "rf.updater/1"}, {"operation", "install"}}));
  process.closeInput();
  const Outcome run = process.finish();
  EXPECT_EQ(run.status(), "ok");
  EXPECT_EQ(run.all(FrameType::kResult).at(0), Json::parse(R"({"steps":["done"]})"));
  EXPECT_EQ(run.all(FrameType::kProgress).at(0).at("line"), "Unpacking nginx (1.1) over (1.0) ...");
  std::filesystem::remove(output);
}

TEST(Updater, can_still_be_cancelled_by_a_frame) {
  HostProcess process;
  process.start(startOf("test.idle_updater", {{"interface", "rf.updater/1"}, {"operation", "install"}}));
  process.send(FrameType::kCancel, "");
  EXPECT_EQ(process.finish().all(FrameType::kResult).at(0), Json::parse(R"({"steps":["cancelled"]})"));
}

TEST(Updater, answers_unsupported_for_what_it_does_not_override) {
  const Outcome run =
      runFixture("test.idle_updater", {{"interface", "rf.updater/1"}, {"operation", "rollback"}});
  EXPECT_EQ(run.status(), "unsupported");
}

TEST(CommandType, answers_each_operation) {
  const auto run = [](const char* operation) {
    return runFixture(
        "test.command",
        {{"interface", "rf.command-type/1"}, {"operation", operation}, {"request", {{"items", {1, 2}}}}});
  };
  EXPECT_EQ(run("describe").all(FrameType::kResult).at(0).at("type"), "test");
  EXPECT_EQ(run("validate").all(FrameType::kResult).at(0), Json::parse(R"({"items":[1,2]})"));
  EXPECT_EQ(run("on_result").all(FrameType::kResult).at(0), Json::parse(R"({"items":[]})"));
  const Outcome plan = run("plan");
  EXPECT_EQ(plan.status(), "internal");
  EXPECT_EQ(plan.all(FrameType::kLog).at(0).at("text"), "thrown in plan");
}

}  // namespace
}  // namespace redflag::test
