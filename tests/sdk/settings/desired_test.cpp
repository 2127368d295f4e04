#include "settings/desired.h"

#include <gtest/gtest.h>

#include "settings/settable.h"

namespace redflag::settings {
namespace {

// "pointer: text" of the first thing that is wrong; "" where nothing is.
std::string problem(const char* text) {
  const auto found = problemOfDesired(Json::parse(text));
  return found ? found->pointer + ": " + found->text : "";
}

TEST(Desired, takes_what_an_agent_takes) {
  EXPECT_EQ(problem(R"({"schedule":{"every":"2h","jitter":"10m","max_parallel":2},"log":{"level":"debug"}})"),
            "");
  EXPECT_EQ(problem(R"({"limits":{"memory":"64MiB","output":65536,"records":10,"time":"1s"}})"), "");
  EXPECT_EQ(problem(R"({"breaker":{"failures":1,"open":"1m","open_max":"1h"}})"), "");
  EXPECT_EQ(problem(R"({"plugins":{"apt":{"every":"1h","settings":{"refresh":"never","list":["a"]}},
                        "org.example.flatpak":{"limits":{"cpu":"5s"}}}})"),
            "");
  EXPECT_EQ(problem("{}"), "");
}

TEST(Desired, names_the_field_and_what_was_expected) {
  EXPECT_EQ(problem(R"({"schedule":{"every":"often"}})"),
            "/schedule/every: expected a duration like 90s, 15m, 6h or 2d");
  EXPECT_EQ(problem(R"({"schedule":{"evry":"1h"}})"), "/schedule/evry: unknown key; did you mean every?");
  EXPECT_EQ(problem(R"({"schedule":{"every":"10s"}})"), "/schedule/every: expected at least 1m");
  EXPECT_EQ(problem(R"({"schedule":{"every":"1h","jitter":"2h"}})"),
            "/schedule/jitter: expected at most the interval, 1h");
  EXPECT_EQ(problem(R"({"limits":{"memory":"1MiB"}})"), "/limits/memory: expected at least 16MiB");
  EXPECT_EQ(problem(R"({"plugins":{"apt":{"breaker":{"open":"2h","open_max":"1h"}}}})"),
            "/plugins/apt/breaker/open_max: expected at least breaker.open, 2h");
  EXPECT_EQ(problem(R"({"log":{"level":"loud"}})"),
            "/log/level: expected one of debug, info, warning, error");
}

TEST(Desired, is_nothing_that_only_the_owner_decides) {
  for (const char* text :
       {R"({"mode":"act"})", R"({"policy":{"allow":[]}})", R"({"server":{"proxy":"none"}})",
        R"({"isolation":"best"})", R"({"plugins":{"apt":{"capabilities":["root"]}}})",
        R"({"plugins":{"apt":{"sha256":"00"}}})", R"({"plugins":{"a/b":{"every":"1h"}}})"})
    EXPECT_NE(problem(text), "") << text;
}

TEST(Desired, has_a_value_in_every_place) {
  EXPECT_EQ(problem(R"({"plugins":{"apt":{"settings":{"refresh":null}}}})"),
            "/plugins/apt/settings/refresh: expected a value; leave out what shall not be set here");
  EXPECT_NE(problem(R"({"schedule":{"every":null}})"), "");
}

TEST(Desired, is_not_too_much) {
  Json many = Json::object();
  for (int i = 0; i < 101; ++i)
    many["plugins"]["apt"]["settings"]["key" + std::to_string(i)] = i;
  ASSERT_TRUE(problemOfDesired(many));
  EXPECT_EQ(problemOfDesired(many)->text, "settings: more than a hundred");
  Json long_one = Json::object();
  for (int i = 0; i < 30; ++i)
    long_one["plugins"]["apt"]["settings"]["text" + std::to_string(i)] = std::string(1'500, 'x');
  ASSERT_TRUE(problemOfDesired(long_one));
  EXPECT_EQ(problemOfDesired(long_one)->text, "expected at most 32KiB");
}

TEST(Desired, is_nested_again_as_it_was_taken_apart) {
  const Json settings =
      Json::parse(R"({"schedule":{"every":"2h"},"plugins":{"org.x":{"settings":{"a":[1]}}}})");
  EXPECT_EQ(nested(serverSettingsOf(settings).value()), settings);
}

TEST(Desired, a_name_of_digits_is_a_name_and_no_place_in_a_list) {
  const Json settings = Json::parse(
      R"({"plugins":{"7":{"every":"2h"},"org.x":{"settings":{"0":1,"4000000000":2,"-":3,"a":4}}}})");
  EXPECT_EQ(nested(serverSettingsOf(settings).value()), settings);
}

TEST(Desired, a_value_below_a_value_changes_nothing) {
  const ServerSetting below{Json::json_pointer("/plugins/x/settings/a/1"), 5};
  for (const char* text : {R"({"plugins":{"x":{"settings":{"a":[1]}}}})",
                           R"({"plugins":{"x":{"settings":{"a":"b"}}}})", R"({"plugins":7})", R"([])"}) {
    const Json before = Json::parse(text);
    Json into = before;
    EXPECT_FALSE(place(below, into));
    EXPECT_EQ(into, before);
  }
  Json null = Json::parse(R"({"plugins":{"x":null}})");
  EXPECT_TRUE(place(below, null));
  EXPECT_EQ(null, Json::parse(R"({"plugins":{"x":{"settings":{"a":{"1":5}}}}})"));
}

TEST(Settable, is_a_schema_complete_in_itself) {
  const std::string text = dumpJson(settableSchema());
  EXPECT_EQ(text.find("$ref"), std::string::npos);
  EXPECT_EQ(settableSchema()["properties"]["schedule"]["properties"]["every"]["x-expected"],
            "a duration like 90s, 15m, 6h or 2d");
}

TEST(Settable, every_value_of_the_schema_has_a_pattern_that_reaches_it) {
  for (const char* pointer : {"/schedule/every", "/limits/cpu", "/breaker/open", "/log/level",
                              "/plugins/org.example.flatpak/settings/x", "/plugins/apt/every"})
    EXPECT_TRUE(mayEverBeSet(Json::json_pointer(pointer))) << pointer;
  for (const char* pointer : {"", "/mode", "/policy/allow", "/plugins/apt/sha256", "/plugins/apt"})
    EXPECT_FALSE(mayEverBeSet(Json::json_pointer(pointer))) << pointer;
}

}  // namespace
}  // namespace redflag::settings
