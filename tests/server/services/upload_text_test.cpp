#include "services/upload_text.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "support/world.h"

namespace redflag::services {
namespace {

TEST(UploadText, cuts_out_the_records_of_items_and_nothing_else) {
  const std::string body =
      R"({"items":[{"id":"a","records":[1,{"x":"]"}],"n":{"records":[7,7,7]}},{"id":"b"},{"records" : [ "\"]" ],"z":1}]})";
  const auto cut = cutRecords(body, 1);
  EXPECT_EQ(
      cut.skeleton,
      R"({"items":[{"id":"a","records":[],"n":{"records":[7,7,7]}},{"id":"b"},{"records" : [],"z":1}]})");
  ASSERT_EQ(cut.records.size(), 2U);
  EXPECT_EQ(cut.records.at(0), R"([1,{"x":"]"}])");
  EXPECT_EQ(cut.records.at(2), R"([ "\"]" ])");
}

TEST(UploadText, takes_no_other_list_for_that_of_the_items) {
  const std::string other = R"({"iteis":[{"records":[1,2]}],"items":[{"id":"a"},{"records":[3]}]})";
  const auto cut = cutRecords(other, 1);
  EXPECT_EQ(cut.skeleton, R"({"iteis":[{"records":[1,2]}],"items":[{"id":"a"},{"records":[]}]})");
  ASSERT_EQ(cut.records.size(), 1U);
  EXPECT_EQ(cut.records.at(1), "[3]");
}

TEST(UploadText, leaves_short_lists_and_what_is_no_json_as_they_are) {
  const std::string brief = R"({"items":[{"records":[1]}]})";
  EXPECT_EQ(cutRecords(brief, 100).skeleton, brief);
  for (const std::string& body : std::vector<std::string>{
           R"({"items":[{"records":[1,[2})", R"({"items":[{"records":["never ends)",
           R"({"items":[{"records":7}]})", "]]]{", "", R"({"items":[{"a":"records","b":[1]}]})"}) {
    const auto cut = cutRecords(body, 1);
    EXPECT_EQ(cut.skeleton, body);
    EXPECT_TRUE(cut.records.empty()) << body;
  }
}

TEST(UploadText, two_lists_of_records_in_one_item_stay_two) {
  const auto cut = cutRecords(R"({"items":[{"records":[1],"records":[2]}]})", 1);
  EXPECT_FALSE(parseJson(cut.skeleton)) << "a key twice is refused by the parser, as ever";
}

}  // namespace
}  // namespace redflag::services

namespace redflag::testing {
namespace {

constexpr int kMany = 400;  // more than what is cut out

std::vector<Json> many(const std::string& version, int without = -1) {
  std::vector<Json> rows;
  for (int i = 0; i < kMany; ++i) {
    if (i == without) continue;
    rows.push_back(updateRow({.name = "package-" + std::to_string(i), .candidate = version}));
  }
  return rows;
}

class LongLists : public ::testing::Test {
 protected:
  LongLists() : agent(world.enrol()) { world.scan(agent, {.records = many("1.1")}); }
  std::string seven(const std::string& version = "1.1") { return world.stateOf(agent, "package-7", version); }
  World world;
  store::AgentKey agent;
};

TEST_F(LongLists, are_the_same_picture_when_they_are_the_same_text) {
  const auto entries = world.history(agent).size();
  world.scan(agent, {.records = many("1.1")});
  EXPECT_EQ(seven(), "available");
  EXPECT_EQ(world.history(agent).size(), entries);
  EXPECT_EQ(world.services.overview.facts(http::Visible::everything()).updates.available, kMany);
}

TEST_F(LongLists, that_were_replaced_in_between_are_no_old_news) {
  world.scan(agent, {.records = many("1.1", 7)});
  EXPECT_EQ(seven(), "resolved_elsewhere");
  world.scan(agent, {.records = many("1.1")});
  EXPECT_EQ(seven(), "available");
  world.scan(agent, {});
  EXPECT_EQ(seven(), "resolved_elsewhere");
  world.scan(agent, {.records = many("1.1")});
  EXPECT_EQ(seven(), "available");
}

TEST_F(LongLists, that_were_added_to_in_between_are_looked_at_again) {
  world.scan(agent, {.scopes = {{"main", "transient"}}, .records = {updateRow({"stray", "1"})}});
  EXPECT_EQ(world.stateOf(agent, "stray", "1"), "available");
  world.scan(agent, {.records = many("1.1")});
  EXPECT_EQ(world.stateOf(agent, "stray", "1"), "resolved_elsewhere");
}

TEST_F(LongLists, with_a_bad_row_are_refused_as_a_whole) {
  auto rows = many("1.2");
  rows[200]["category"] = "mischief";
  const auto answer = world.upload(agent, {world.scanItem({.records = rows})});
  ASSERT_EQ(answer.rejected.size(), 1U);
  EXPECT_EQ(seven(), "available");
  EXPECT_EQ(world.services.overview.facts(http::Visible::everything()).updates.available, kMany);
}

TEST_F(LongLists, disprove_an_install_even_if_their_text_is_the_same) {
  const auto outcome = world.approve({world.update(agent, "package-7", "1.1").id});
  const Json plan = World::plan({{"upgrade", "package-7", "1.0", "1.1"}});
  world.carryOut(agent, outcome.command_ids[0], "succeeded",
                 Json::array({{{"plan", plan}, {"plan_hash", World::hashOf(plan)}}}));
  Json done = plan;
  done["steps"][0]["result"] = "done";
  world.carryOut(agent, world.newest("install_updates").id, "succeeded",
                 Json::array({{{"steps", done["steps"]}}}));
  ASSERT_EQ(seven(), "installed");
  world.scan(agent, {.purpose = "verify", .records = many("1.1")});
  EXPECT_EQ(seven(), "failed");
}

}  // namespace
}  // namespace redflag::testing
