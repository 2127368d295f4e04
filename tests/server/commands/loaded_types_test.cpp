#include "commands/loaded_types.h"

#include <gtest/gtest.h>

#include <chrono>

#include "http/message.h"
#include "support/world.h"

namespace redflag::commands {
namespace {

const std::filesystem::path kBuild = REDFLAG_BUILD;

LoadedCommandTypes load(std::int64_t deadline_ms = 5'000) {
  return LoadedCommandTypes({kBuild / "test_command_types"},
                            std::make_shared<HostRunner>(kBuild / "bin" / "redflag-host", deadline_ms));
}

const PlanRequest kRequest = {Json::object(), "agent", "alpha", "act", {"apt"}};

// Of the fixtures, but what they plan is the test's.
class PlannedByTest : public OperationRunner {
 public:
  Result<Json> run(const std::filesystem::path& library, const std::string& operation,
                   const Json& request) override {
    if (operation != "plan") return host_.run(library, operation, request);
    Json answer = Json::object();
    answer["items"] = Json::array();
    answer["items"].push_back(plan);
    return answer;
  }
  Json plan;

 private:
  HostRunner host_{kBuild / "bin" / "redflag-host"};
};

std::string failureOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const http::Problem& problem) {
    EXPECT_EQ(problem.code, "command_type.failed");
    EXPECT_EQ(problem.status, 503);
    return problem.detail;
  }
  return "";
}

TEST(LoadedTypes, are_described_once_and_found_by_id) {
  auto types = load();
  const auto ping = types.find("ping");
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->title, "Ping");
  EXPECT_EQ(ping->valid_s, 86'400);
  const auto planned = types.plan(*ping, {kRequest, kRequest});
  ASSERT_EQ(planned.size(), 2U);
  EXPECT_EQ(planned[1].actions[0]["action"], "ping");
  EXPECT_FALSE(types.find("nobody"));
}

TEST(LoadedTypes, one_that_says_it_is_another_is_left_out_by_name) {
  const auto types = load();
  EXPECT_FALSE(types.find("impostor"));
  EXPECT_FALSE(types.find("install_updates"));
  ASSERT_EQ(types.refused().size(), 1U);
  EXPECT_EQ(types.refused()[0].id, "impostor");
  EXPECT_NE(types.refused()[0].why.find("describe.type"), std::string::npos) << types.refused()[0].why;
}

TEST(LoadedTypes, one_that_crashes_is_a_problem_and_nothing_more) {
  auto types = load();
  const auto why = failureOf([&] { types.plan(*types.find("crasher"), {kRequest}); });
  EXPECT_NE(why.find("crashed"), std::string::npos) << why;
  EXPECT_EQ(types.plan(*types.find("ping"), {kRequest}).size(), 1U);
}

TEST(LoadedTypes, one_that_hangs_is_ended_at_its_deadline) {
  auto types = load(200);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_NE(failureOf([&] { types.plan(*types.find("hanger"), {kRequest}); }), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST(LoadedTypes, one_that_answers_another_number_of_items_is_not_believed) {
  auto types = load();
  const auto why = failureOf([&] { types.plan(*types.find("miscounter"), {kRequest}); });
  EXPECT_NE(why.find("number of items"), std::string::npos) << why;
}

TEST(LoadedTypes, an_effect_that_was_not_declared_is_not_carried_out) {
  auto types = load();
  Outcome outcome;
  outcome.parameters = Json::object();
  outcome.outcome = "succeeded";
  const auto why = failureOf([&] { types.onResult(*types.find("overreacher"), {outcome}); });
  EXPECT_NE(why.find("did not declare"), std::string::npos) << why;
}

TEST(LoadedTypes, more_items_than_a_batch_holds_are_all_answered) {
  auto types = load();
  EXPECT_EQ(types.plan(*types.find("ping"), std::vector<PlanRequest>(450, kRequest)).size(), 450U);
}

TEST(LoadedTypes, items_that_are_longer_together_than_a_frame_are_all_answered) {
  auto types = load();
  PlanRequest request = kRequest;
  request.parameters["text"] = std::string(1U << 20, 'x');
  EXPECT_EQ(types.plan(*types.find("ping"), std::vector<PlanRequest>(25, request)).size(), 25U);
}

TEST(LoadedTypes, what_is_no_order_for_one_machine_is_refused_to_that_one_alone) {
  auto& types = testing::builtInTypes();
  const auto requestOf = [](const std::string& manager, std::size_t updates) {
    const Json update = {{"key", std::string(512, 'k')}, {"name", "n"}, {"arch", ""}, {"version", "2"}};
    return PlanRequest{
        {{"manager", manager}, {"updates", Json(updates, update)}}, "agent", "alpha", "act", {manager}};
  };
  const std::string long_name(65, 'm');  // which no order has room for
  const auto planned = types.plan(
      *types.find("plan_updates"),
      {requestOf("apt", 1), requestOf(long_name, 1), requestOf("apt", 5'000), requestOf("apt", 2)});
  ASSERT_EQ(planned.size(), 4U);
  EXPECT_EQ(planned[0].error_code, "");
  EXPECT_EQ(planned[1].error_code, "command_type.bad_plan");
  EXPECT_NE(planned[1].error_text.find("plugin"), std::string::npos) << planned[1].error_text;
  EXPECT_EQ(planned[2].error_code, "command_type.bad_plan");
  EXPECT_NE(planned[2].error_text.find("too long"), std::string::npos) << planned[2].error_text;
  EXPECT_EQ(planned[3].actions.size(), 1U);
}

TEST(LoadedTypes, a_refusal_whose_code_is_no_word_of_the_log_is_a_bad_plan) {
  const auto runner = std::make_shared<PlannedByTest>();
  LoadedCommandTypes types({kBuild / "test_command_types"}, runner);
  const auto codeOf = [&](const std::string& code) {
    runner->plan = Json::object();
    runner->plan["error"]["code"] = code;
    runner->plan["error"]["text"] = "not there";
    return types.plan(*types.find("ping"), {kRequest}).at(0).error_code;
  };
  EXPECT_EQ(codeOf("greet.no_greeter"), "greet.no_greeter");
  for (const char* bad : {"", "two words", "x\nlevel=info", "x ms=0 who=ada", "\"x\"", "X"})
    EXPECT_EQ(codeOf(bad), "command_type.bad_plan") << bad;
}

TEST(LoadedTypes, a_folder_that_does_not_exist_is_named) {
  const LoadedCommandTypes types({"/nonexistent/types"},
                                 std::make_shared<HostRunner>(kBuild / "bin" / "redflag-host"));
  ASSERT_EQ(types.refused().size(), 1U);
  EXPECT_EQ(types.refused()[0].id, "/nonexistent/types");
}

TEST(LoadedTypes, the_built_in_ones_are_all_there) {
  std::vector<std::string> ids;
  for (const auto& type : testing::builtInTypes().all())
    ids.push_back(type.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"cancel", "cancel_reboot", "collect_diagnostics", "configure",
                                           "download_updates", "install_updates", "plan_updates",
                                           "rapid_mode", "reboot", "refresh", "restart_services",
                                           "rollback_updates", "rotate_keys", "scan", "update_agent"}));
  EXPECT_TRUE(testing::builtInTypes().refused().empty());
}

TEST(Description, each_member_that_is_wrong_is_named) {
  const auto good = [] {
    Json json = {{"type", "x"},           {"title", "X"},    {"description", "d"},      {"risk", "none"},
                 {"permission", "admin"}, {"timeout_s", 60}, {"needs_approval", false}, {"max_attempts", 1}};
    json["idempotency_fields"] = json["effects"] = Json::array();
    json["parameters_schema"] = json["result_schema"] = Json::object();
    return json;
  }();
  ASSERT_TRUE(readDescription(good, "x"));
  const std::vector<std::pair<std::string, Json>> wrong = {{"type", "y"},
                                                           {"permission", "viewer"},
                                                           {"risk", "some"},
                                                           {"timeout_s", 1},
                                                           {"max_attempts", 0},
                                                           {"effects", {"updates.eaten"}},
                                                           {"needs_approval", "yes"},
                                                           {"valid_s", 1},
                                                           {"idempotency_fields", {7}},
                                                           {"surprise", 1},
                                                           {"title", Json::array()}};
  for (const auto& [key, value] : wrong) {
    Json json = good;
    json[key] = value;
    const auto read = readDescription(json, "x");
    ASSERT_FALSE(read) << key;
    EXPECT_NE(read.error().text.find("describe." + key), std::string::npos) << read.error().text;
  }
  Json json = good;
  json["parameters_schema"] = {{"type", 7}};
  EXPECT_FALSE(readDescription(json, "x"));
}

}  // namespace
}  // namespace redflag::commands
