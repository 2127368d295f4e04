#include "ctl/asking.h"

#include <gmock/gmock.h>

#include "operations.h"

namespace redflag::ctl {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::ThrowsMessage;

Wish wishFor(std::map<std::string, std::vector<std::string>> options,
             std::vector<std::string> positionals = {}) {
  Wish wish;
  wish.options = std::move(options);
  wish.positionals = std::move(positionals);
  return wish;
}

TEST(Asking, encodes_what_was_typed_so_that_it_stays_one_value) {
  const auto request = requestOf(realOperation("agents", "updates"),
                                 wishFor({{"search", {"a&b=c d/ä"}}}, {"../x?y"}), "cur+sor");
  EXPECT_EQ(request.target,
            "/api/v1/agents/..%2Fx%3Fy/updates?search=a%26b%3Dc%20d%2F%C3%A4&limit=100&cursor=cur%2Bsor");
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.body, "");
}

TEST(Asking, asks_for_all_of_several_states_however_they_were_given) {
  const auto& list = realOperation("commands", "list");
  const std::string both = "/api/v1/commands?state=queued%2Crunning&limit=100";
  EXPECT_EQ(requestOf(list, wishFor({{"state", {"queued", "running"}}}), "").target, both);
  EXPECT_EQ(requestOf(list, wishFor({{"state", {"queued,running"}}}), "").target, both);
}

TEST(Asking, makes_a_body_of_options_with_the_types_of_the_document) {
  const auto& order = realOperation("commands", "create");
  const auto request = requestOf(
      order,
      wishFor({{"type", {"scan"}}, {"agent_ids", {"a", "b"}}, {"parameters", {R"({"plugins":["apt"]})"}}}),
      "");
  EXPECT_EQ(parseJson(request.body).value(),
            (Json{{"type", "scan"}, {"agent_ids", {"a", "b"}}, {"parameters", {{"plugins", {"apt"}}}}}));
  const auto tokens = requestOf(realOperation("enrolment-tokens", "create"), wishFor({{"seats", {"3"}}}), "");
  EXPECT_EQ(parseJson(tokens.body).value().at("seats"), 3);
}

TEST(Asking, sends_a_new_key_with_each_order_that_is_not_to_be_doubled) {
  const auto& order = realOperation("commands", "create");
  const auto once = requestOf(order, wishFor({{"type", {"scan"}}}), "");
  const auto twice = requestOf(order, wishFor({{"type", {"scan"}}}), "");
  ASSERT_EQ(once.headers.size(), 1U);
  EXPECT_NE(once.headers, twice.headers);
  const auto own = requestOf(order, wishFor({{"Idempotency-Key", {"mine"}}}), "");
  EXPECT_THAT(own.headers, testing::ElementsAre(Pair("Idempotency-Key", "mine")));
}

TEST(Asking, names_the_option_that_is_wrong) {
  const auto& order = realOperation("commands", "create");
  EXPECT_THAT(
      [&] {
        requestOf(order, wishFor({{"parameters", {"{"}}}), "");
      },
      ThrowsMessage<BadArgument>(HasSubstr("--parameters")));
  const auto& token = realOperation("enrolment-tokens", "create");
  EXPECT_THAT(
      [&] {
        requestOf(token, wishFor({{"seats", {"3x"}}}), "");
      },
      ThrowsMessage<BadArgument>(HasSubstr("--seats 3x: expected a whole number")));
  EXPECT_THAT([&] { requestOf(realOperation("agents", "show"), wishFor({}, {""}), ""); },
              ThrowsMessage<BadArgument>(HasSubstr("id")));
}

TEST(Asking, takes_a_whole_body_or_its_members_but_not_both) {
  const auto& order = realOperation("commands", "create");
  Wish wish;
  wish.body = R"({"type":"scan"})";
  EXPECT_EQ(requestOf(order, wish, "").body, wish.body);
  wish.options["type"] = {"scan"};
  EXPECT_THAT([&] { requestOf(order, wish, ""); }, ThrowsMessage<BadArgument>(HasSubstr("type")));
}

}  // namespace
}  // namespace redflag::ctl
