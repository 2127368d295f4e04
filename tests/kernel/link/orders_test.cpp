#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "orders_fixture.h"
#include "protocol/plan_hash.h"
#include "trust/command_trust.h"

namespace redflag::kernel {
namespace {

namespace refusal = protocol::refusal;

using test::OrdersTest;

TEST_F(OrdersTest, a_scan_is_accepted_run_and_its_result_spooled) {
  queue_->start();
  ASSERT_TRUE(take(scanOrder()));
  ASSERT_TRUE(ends("scan-order"));
  EXPECT_EQ(spool_.states("scan-order"), "accepted running succeeded");
  EXPECT_EQ(outcome("scan-order").at("results"), Json::parse(R"([{"scans":["scan-1"]}])"));
  ASSERT_EQ(scanner_.scans.size(), 1U);
  EXPECT_EQ(scanner_.scans[0].plugins, std::vector<std::string>{"apt"});
  EXPECT_EQ(scanner_.scans[0].trigger, Trigger::kCommand);
  EXPECT_EQ(scanner_.scans[0].command_id, "scan-order");
}

TEST_F(OrdersTest, a_plan_comes_back_with_its_hash) {
  scanner_.plan = Json::parse(
      R"({"steps":[{"operation":"upgrade","name":"a","arch":"all","from":"1","to":"2","requested":true}]})");
  queue_->start();
  ASSERT_TRUE(take(order(
      "plan", {{"apt", "plan", R"({"updates":[{"key":"a/all","name":"a","arch":"all","version":"2"}]})"}})));
  ASSERT_TRUE(ends("plan"));
  const Json result = outcome("plan").at("results").at(0);
  EXPECT_EQ(result.at("plan"), scanner_.plan);
  EXPECT_EQ(result.at("plan_hash"), toHex(protocol::planHash({{"upgrade", "a", "all", "1", "2"}})));
  ASSERT_EQ(scanner_.updaters.size(), 1U);
  EXPECT_EQ(scanner_.updaters[0].at("request"),
            Json::parse(R"({"updates":[{"name":"a","arch":"all","version":"2"}]})"));
  EXPECT_TRUE(runner_.submitted.empty());
}

TEST_F(OrdersTest, bad_parameters_fail_the_order_and_name_the_member) {
  queue_->start();
  ASSERT_TRUE(take(order("bad", {{"kernel", "scan", R"({"plugin":"apt"})"}})));
  ASSERT_TRUE(ends("bad"));
  EXPECT_EQ(outcome("bad").at("state"), "failed");
  EXPECT_EQ(outcome("bad").at("code"), "invalid");
  EXPECT_NE(outcome("bad").at("text").get<std::string>().find("kernel/scan.plugin"), std::string::npos);
  EXPECT_TRUE(scanner_.scans.empty());
}

TEST_F(OrdersTest, the_first_failure_ends_an_order_of_several_actions) {
  queue_->start();
  ASSERT_TRUE(take(order("two", {{"kernel", "scan", "{}"},
                                 {"kernel", "scan", R"({"purpose":"mischief"})"},
                                 {"kernel", "scan", "{}"}})));
  ASSERT_TRUE(ends("two"));
  EXPECT_EQ(outcome("two").at("state"), "failed");
  EXPECT_EQ(outcome("two").at("results").size(), 1U);
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_F(OrdersTest, B5_the_same_order_again_is_answered_and_not_run) {
  queue_->start();
  ASSERT_TRUE(take(scanOrder()));
  ASSERT_TRUE(ends("scan-order"));
  const auto before = spool_.items();
  ASSERT_TRUE(take(scanOrder())) << "signed again, as at each fetch";
  EXPECT_EQ(spool_.items(), before) << "what still waits is not doubled";
  std::vector<std::string> ids;
  for (const auto& item : before)
    ids.push_back(item.at("id"));
  ASSERT_TRUE(spool_.spool->remove(ids));
  ASSERT_TRUE(take(scanOrder()));
  EXPECT_EQ(spool_.states("scan-order"), "accepted succeeded") << "the server may have lost it: told again";
  EXPECT_EQ(outcome("scan-order"), before.back()) << "byte by byte";
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_F(OrdersTest, B5_killed_between_acceptance_and_run_it_is_run_once_after_the_restart) {
  ASSERT_TRUE(take(scanOrder()));  // the queue has not been started
  end();
  begin(true);
  queue_->start();
  ASSERT_TRUE(ends("scan-order"));
  ASSERT_TRUE(take(scanOrder()));
  EXPECT_EQ(spool_.states("scan-order"), "accepted running succeeded");
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_F(OrdersTest, B5_killed_between_outcome_and_report_the_outcome_is_told_once) {
  ASSERT_TRUE(take(scanOrder()));
  const std::string item =
      reports_->stateItem({newId(), "scan-order", "succeeded", "", "", Json::array({1}), "kernel", 0});
  ASSERT_TRUE(journal_->finish("scan-order", item));
  end();
  begin(true);
  queue_->start();
  ASSERT_TRUE(ends("scan-order"));
  EXPECT_EQ(spool_.states("scan-order"), "accepted succeeded");
  EXPECT_TRUE(scanner_.scans.empty()) << "it had run";
}

TEST_F(OrdersTest, an_order_that_expires_while_it_waits_is_not_run) {
  ASSERT_TRUE(take(scanOrder()));
  clock_.now_ns += 3601 * kSecondNs;
  queue_->start();
  ASSERT_TRUE(ends("scan-order"));
  EXPECT_EQ(spool_.states("scan-order"), "accepted refused");
  EXPECT_EQ(outcome("scan-order").at("code"), refusal::kExpired);
  EXPECT_TRUE(scanner_.scans.empty());
}

TEST_F(OrdersTest, B8_an_order_that_expires_while_it_waits_is_not_run_although_the_clock_was_set_back) {
  scanner_.hold = true;
  queue_->start();
  ASSERT_TRUE(take(scanOrder("first")));
  ASSERT_TRUE(scanner_.waitForScans(1));
  ASSERT_TRUE(take(scanOrder("second")));
  clock_.now_ns += 3601 * kSecondNs;
  clock_.set_back_ns = 3000 * kSecondNs;
  scanner_.release();
  ASSERT_TRUE(ends("second"));
  EXPECT_EQ(spool_.states("first"), "accepted running succeeded");
  EXPECT_EQ(spool_.states("second"), "accepted refused");
  EXPECT_EQ(outcome("second").at("code"), refusal::kExpired);
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_F(OrdersTest, a_full_spool_takes_no_orders) {
  ASSERT_TRUE(spool_.fill());
  EXPECT_FALSE(take(scanOrder()));
  EXPECT_FALSE(journal_->find("scan-order")->has_value());
}

TEST_F(OrdersTest, a_refusal_is_told_once_in_a_while) {
  const auto other = [&] {
    auto e = scanOrder();
    e.agent_id = "agent-2";
    return e;
  };
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(take(other()));
  ASSERT_EQ(spool_.items("refusal").size(), 1U);
  EXPECT_EQ(refusalCode(), refusal::kWrongAgent);
  EXPECT_EQ(spool_.items("refusal")[0].at("command_id"), "scan-order");
  EXPECT_EQ(spool_.items("refusal")[0].at("by"), "kernel");
  clock_.now_ns += 601 * kSecondNs;
  ASSERT_TRUE(take(other()));
  EXPECT_EQ(spool_.items("refusal").size(), 2U);
}

TEST_F(OrdersTest, each_reason_to_believe_no_order_is_told_once_in_a_while_and_is_no_refused_order) {
  EXPECT_TRUE(reports_->distrust("it is away"));
  EXPECT_FALSE(reports_->distrust("it is away"));
  EXPECT_TRUE(reports_->distrust("it is older"));
  EXPECT_EQ(spool_.items("refusal").size(), 2U);
  EXPECT_EQ(refusalCode(), kTrustRefused);
  clock_.now_ns += 601 * kSecondNs;
  EXPECT_TRUE(reports_->distrust("it is away"));
  EXPECT_EQ(spool_.items("refusal").size(), 3U);
  EXPECT_EQ(reports_->refused(), 0U);
}

TEST_F(OrdersTest, an_unreadable_envelope_is_refused_without_an_id) {
  ASSERT_TRUE(desk_->take(Json{{"version", 1}}));
  EXPECT_EQ(refusalCode(), refusal::kMalformed);
  EXPECT_FALSE(spool_.items("refusal")[0].contains("command_id"));
}

TEST_F(OrdersTest, an_action_nobody_knows_is_refused) {
  ASSERT_TRUE(take(order("x", {{"kernel", "format", "{}"}})));
  EXPECT_EQ(refusalCode(), refusal::kUnknownAction);
  ASSERT_TRUE(take(order("y", {{"kernel", "scan", "{}"}, {"apt", "install", "{}"}})));
  EXPECT_EQ(refusalCode(), refusal::kUnknownAction);
  for (const char* action : {"repair", "reboot", "remove", "Install"}) {
    ASSERT_TRUE(take(order(std::string("order-") + action, {{"apt", action, "{}"}})));
    EXPECT_EQ(refusalCode(), refusal::kUnknownAction) << action;
  }
  EXPECT_EQ(spool_.items("refusal").size(), 6U);
  EXPECT_EQ(reports_->refused(), 6U);
  EXPECT_TRUE(runner_.submitted.empty());
}

TEST_F(OrdersTest, a_plugins_own_action_goes_where_its_risk_says) {
  const Json empty = {{"type", "object"}};
  const auto action = [&](const char* name, const char* risk) {
    return Json{{"name", name}, {"title", name}, {"risk", risk}, {"parameters_schema", empty}};
  };
  scanner_.actions["system"] = {{"actions", {action("look", "none"), action("reboot", "destructive")}}};
  policy_ = allowed("system/reboot");
  queue_->start();
  ASSERT_TRUE(take(order("look", {{"system", "look", R"({"far":true})"}})));
  ASSERT_TRUE(ends("look"));
  EXPECT_EQ(outcome("look").at("results"), Json::parse(R"([{"done":true}])"));
  EXPECT_EQ(scanner_.actions_run[0].at("parameters"), Json::parse(R"({"far":true})"));
  EXPECT_TRUE(runner_.submitted.empty());

  runner_.next.event = "accepted";
  runner_.next.command_id = "reboot";
  runner_.next.id = newId();
  ASSERT_TRUE(take(order("reboot", {{"system", "reboot", "{}"}})));
  EXPECT_EQ(runner_.submitted.size(), 1U);
  EXPECT_EQ(spool_.states("reboot"), "accepted");

  ASSERT_TRUE(take(order("both", {{"system", "look", "{}"}, {"system", "reboot", "{}"}})));
  EXPECT_EQ(refusalCode(), refusal::kUnknownAction);
  ASSERT_TRUE(take(order("unknown", {{"system", "dance", "{}"}})));
  EXPECT_THAT(spool_.items("refusal").back().at("text").get<std::string>(),
              testing::HasSubstr("system/dance is not known to this agent"));
  policy_ = {};
  ASSERT_TRUE(take(order("denied", {{"system", "reboot", "{}"}})));
  EXPECT_EQ(refusalCode(), refusal::kPolicy);
  end();
  begin(false);
  ASSERT_TRUE(take(order("report", {{"system", "reboot", "{}"}})));
  EXPECT_EQ(refusalCode(), refusal::kModeReport);
  EXPECT_EQ(runner_.submitted.size(), 1U);
}

TEST_F(OrdersTest, what_is_done_to_the_agent_itself_is_done_or_refused_in_its_own_words) {
  queue_->start();
  const auto resultOf = [&](const char* id, const char* action, const char* parameters) {
    EXPECT_TRUE(take(order(id, {{"kernel", action, parameters}})));
    EXPECT_TRUE(ends(id));
    return outcome(id);
  };
  EXPECT_EQ(resultOf("diagnostics", "diagnostics", R"({"log_lines":7})").at("results"),
            Json::parse(R"([{"log_lines":7}])"));
  EXPECT_EQ(resultOf("too-many", "diagnostics", R"({"log_lines":1001})").at("code"), "invalid");
  EXPECT_EQ(resultOf("rapid", "rapid", R"({"minutes":5})").at("results"),
            Json::parse(R"([{"minutes":5,"every_s":30}])"));
  EXPECT_EQ(resultOf("too-long", "rapid", R"({"minutes":61})").at("state"), "failed");
  EXPECT_EQ(resultOf("configure", "configure", R"({"settings":{"schedule":{"every":"1h"}}})").at("state"),
            "succeeded");
  const Json denied = resultOf("denied", "configure", R"({"settings":{"mode":"act"}})");
  EXPECT_EQ(denied.at("state"), "refused");
  EXPECT_EQ(denied.at("code"), refusal::kPolicy);
  const Json update = resultOf("update", "update", "{}");
  EXPECT_EQ(update.at("state"), "refused");
  EXPECT_EQ(update.at("code"), "unsupported");
  EXPECT_THAT(update.at("text").get<std::string>(), testing::HasSubstr("not yet able"));
  EXPECT_TRUE(runner_.submitted.empty());
}

TEST_F(OrdersTest, B11_what_the_owner_denies_is_refused_before_the_executor_hears_of_it) {
  const auto install = [this](const char* id, const char* operation, const char* name) {
    const Json step = {{"operation", operation}, {"name", name}, {"arch", "all"}, {"from", ""}, {"to", "1"}};
    return take(order(
        id, {{"apt", "install", dumpJson({{"updates", Json::array()}, {"plan", {{"steps", {step}}}}})}}));
  };
  PolicyRule deny;
  deny.line = 2;
  deny.packages = {"redis*"};
  deny.always = true;
  deny.reason = "the owner does these by hand";
  policy_.deny = {deny};
  ASSERT_TRUE(install("denied", "install", "redis-server"));
  EXPECT_EQ(refusalCode(), refusal::kPolicy);
  EXPECT_THAT(spool_.items("refusal").back().at("text").get<std::string>(), testing::HasSubstr("by hand"));
  ASSERT_TRUE(install("removal", "remove", "nginx"));
  EXPECT_EQ(spool_.items("refusal").back().at("command_id"), "removal");
  policy_ = allowed("dnf/install");
  ASSERT_TRUE(take(installOrder("without-a-plan")));
  EXPECT_EQ(spool_.items("refusal").size(), 3U);
  EXPECT_TRUE(runner_.submitted.empty());
  for (const char* id : {"denied", "removal", "without-a-plan"})
    EXPECT_FALSE(journal_->find(id)->has_value()) << id;
}

TEST_F(OrdersTest, an_order_that_the_executor_does_not_believe_is_reported_by_the_id_this_side_knows) {
  runner_.next.event = "refused";
  runner_.next.code = refusal::kUnknownKey;
  ASSERT_TRUE(take(installOrder()));
  ASSERT_EQ(refusalCode(), refusal::kUnknownKey);
  EXPECT_EQ(spool_.items("refusal")[0].at("command_id"), "install");
  EXPECT_EQ(spool_.items("refusal")[0].at("by"), "executor");
}

TEST_F(OrdersTest, an_order_the_executor_has_is_not_asked_about_again) {
  ASSERT_TRUE(take(installOrder()));
  policy_ = {};
  ASSERT_TRUE(take(installOrder()));
  EXPECT_EQ(runner_.submitted.size(), 2U);
  EXPECT_TRUE(spool_.items("refusal").empty());
}

TEST_F(OrdersTest, in_mode_report_nothing_that_changes_the_machine_is_taken) {
  end();
  begin(false);
  ASSERT_TRUE(take(installOrder()));
  EXPECT_EQ(refusalCode(), refusal::kModeReport);
}

TEST_F(OrdersTest, an_install_goes_to_the_executor_as_it_came) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  const Json transport = protocol::sealEnvelope(installOrder(), key_).value();
  ASSERT_TRUE(desk_->take(transport));
  ASSERT_EQ(runner_.submitted.size(), 1U);
  EXPECT_EQ(runner_.submitted[0], transport);
  EXPECT_EQ(spool_.states("install"), "accepted");
  EXPECT_EQ(outcome("install").at("id"), "event-1");
  EXPECT_EQ(outcome("install").at("by"), "executor");
}

TEST_F(OrdersTest, an_executor_that_is_away_gets_the_order_later) {
  runner_.there = false;
  EXPECT_FALSE(take(installOrder()));
  EXPECT_TRUE(spool_.items("command_state").empty());
  runner_.there = true;
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  EXPECT_TRUE(take(installOrder()));
  EXPECT_EQ(spool_.states("install"), "accepted");
}

TEST_F(OrdersTest, what_the_executor_refuses_is_reported_as_its_refusal) {
  runner_.next = {"refused", "install", "", 0, "", refusal::kPolicy, "no line allows it", -1, {}, {}};
  ASSERT_TRUE(take(installOrder()));
  EXPECT_EQ(refusalCode(), refusal::kPolicy);
  EXPECT_EQ(spool_.items("refusal")[0].at("by"), "executor");
}

TEST_F(OrdersTest, a_download_goes_to_the_executor_and_leaves_no_scan_anything_to_prove) {
  runner_.next = {"accepted", "ahead", "event-1", 0, "", "", "", -1, {}, {}};
  queue_->start();
  ASSERT_TRUE(take(order("ahead", {{"apt", "download", R"({"updates":[],"plan":{"steps":[]}})"}})));
  EXPECT_EQ(runner_.submitted.size(), 1U);
  desk_->onExecutor(
      {"result", "ahead", "event-9", 0, "succeeded", "", "", -1, Json::array({Json::object()}), {}});
  EXPECT_EQ(spool_.states("ahead"), "accepted succeeded");
  EXPECT_EQ(runner_.acked, std::vector<std::string>{"ahead"});
  EXPECT_TRUE(journal_->verifyDue()->empty());
  EXPECT_TRUE(scanner_.scans.empty());
}

class AfterInstall : public OrdersTest, public testing::WithParamInterface<const char*> {
 protected:
  OrderEvent result(const std::string& state) const {
    OrderEvent event{"result", "install", "event-9", 0, state, "", "", -1, Json::array({Json::object()}), {}};
    return event;
  }
};

TEST_P(AfterInstall, the_result_is_safe_before_the_executor_forgets_it_and_a_scan_proves_it) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  queue_->start();
  ASSERT_TRUE(take(installOrder()));
  desk_->onExecutor({"running", "install", "event-2", 0, "", "", "", -1, {}, {}});
  desk_->onExecutor({"log", "install", "", 0, "", "", "", -1, {}, {"Unpacking a"}});
  desk_->onExecutor({"progress", "install", "", 0, "", "", "halfway", 50, {}, {}});
  desk_->onExecutor(result(GetParam()));
  EXPECT_EQ(spool_.states("install"), std::string("accepted running ") + GetParam());
  EXPECT_EQ(runner_.acked, std::vector<std::string>{"install"});
  ASSERT_TRUE(scanner_.waitForScans(1));
  EXPECT_EQ(scanner_.scans[0].purpose, "verify");
  EXPECT_EQ(scanner_.scans[0].trigger, Trigger::kVerify);
  EXPECT_EQ(scanner_.scans[0].plugins, std::vector<std::string>{"apt"});
  EXPECT_EQ(scanner_.scans[0].command_id, "install");
  const auto log = spool_.items("command_log");
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].at("lines").at(0).at("text"), "Unpacking a");
  EXPECT_EQ(log[1].at("percent"), 50);
}

TEST_P(AfterInstall, the_scan_asks_about_what_was_ordered) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  queue_->start();
  const Json updates =
      Json::array({{{"key", "nginx:all"}, {"name", "nginx"}, {"arch", "all"}, {"version", "2"}}});
  const Json step = {
      {"operation", "upgrade"}, {"name", "nginx"}, {"arch", "all"}, {"from", "1"}, {"to", "2"}};
  ASSERT_TRUE(take(order(
      "install", {{"apt", "install", dumpJson({{"updates", updates}, {"plan", {{"steps", {step}}}}})}})));
  desk_->onExecutor(result(GetParam()));
  ASSERT_TRUE(scanner_.waitForScans(1));
  EXPECT_EQ(scanner_.scans[0].ordered, updates);
}

TEST_P(AfterInstall, the_same_result_again_is_neither_told_nor_proven_twice) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  queue_->start();
  ASSERT_TRUE(take(installOrder()));
  desk_->onExecutor(result(GetParam()));
  desk_->onExecutor(result(GetParam()));
  EXPECT_EQ(spool_.states("install"), std::string("accepted ") + GetParam());
  EXPECT_EQ(runner_.acked.size(), 2U);
  ASSERT_TRUE(scanner_.waitForScans(1));
  queue_->stop();
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_P(AfterInstall, a_proof_that_was_due_at_a_kill_is_made_after_the_restart) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  ASSERT_TRUE(take(installOrder()));
  desk_->onExecutor(result(GetParam()));
  end();
  ASSERT_TRUE(scanner_.scans.empty());
  begin(true);
  queue_->start();
  ASSERT_TRUE(scanner_.waitForScans(1));
  EXPECT_EQ(scanner_.scans[0].purpose, "verify");
}

INSTANTIATE_TEST_SUITE_P(Orders, AfterInstall, testing::Values("succeeded", "failed"));

TEST_F(OrdersTest, a_result_of_an_order_that_never_began_needs_no_proof) {
  runner_.next = {"accepted", "install", "event-1", 0, "", "", "", -1, {}, {}};
  queue_->start();
  ASSERT_TRUE(take(installOrder()));
  desk_->onExecutor({"result", "install", "event-2", 0, "cancelled", "", "", -1, {}, {}});
  EXPECT_EQ(spool_.states("install"), "accepted cancelled");
  EXPECT_TRUE(journal_->verifyDue()->empty());
}

TEST_F(OrdersTest, cancels_an_order_that_waits_behind_another) {
  scanner_.hold = true;
  queue_->start();
  ASSERT_TRUE(take(scanOrder("runs")));
  ASSERT_TRUE(scanner_.waitForScans(1));
  ASSERT_TRUE(take(scanOrder("waits")));
  ASSERT_TRUE(take(order("cancel", {{"kernel", "cancel", R"({"command_id":"waits"})"}})));
  EXPECT_EQ(outcome("cancel").at("results"), Json::parse(R"([{"cancelled":true}])")) << "at once";
  EXPECT_EQ(spool_.states("waits"), "accepted cancelled");
  ASSERT_TRUE(take(order("late", {{"kernel", "cancel", R"({"command_id":"runs"})"}})));
  EXPECT_EQ(outcome("late").at("results"), Json::parse(R"([{"cancelled":false}])"));
  scanner_.release();
  ASSERT_TRUE(ends("runs"));
  EXPECT_EQ(spool_.states("runs"), "accepted running succeeded");
  queue_->stop();
  EXPECT_EQ(scanner_.scans.size(), 1U);
}

TEST_F(OrdersTest, asks_the_executor_to_cancel_what_is_its_own) {
  queue_->start();
  runner_.can_cancel = true;
  ASSERT_TRUE(take(order("cancel", {{"kernel", "cancel", R"({"command_id":"install"})"}})));
  EXPECT_EQ(runner_.cancelled, std::vector<std::string>{"install"});
  EXPECT_EQ(outcome("cancel").at("results"), Json::parse(R"([{"cancelled":true}])"));
}

}  // namespace
}  // namespace redflag::kernel
