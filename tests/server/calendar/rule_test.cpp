#include "calendar/rule.h"

#include <gtest/gtest.h>

namespace redflag::testing {
namespace {

using namespace redflag::calendar;

std::string complaint(const Json& json) {
  JsonReader in(json, "rule");
  readRule(in);
  const auto ok = in.finish();
  return ok ? "" : ok.error().text;
}

TEST(Rules, say_what_they_mean_and_are_read_as_they_were_written) {
  const std::vector<std::pair<Json, std::string>> all = {
      {{{"repeat", "once"}, {"date", "2026-03-29"}, {"time", "02:30"}}, "once, on 2026-03-29 at 02:30"},
      {{{"repeat", "daily"}, {"time", "00:00"}}, "every day at 00:00"},
      {{{"repeat", "weekly"}, {"weekdays", {"sun", "mon", "thu"}}, {"time", "23:59"}},
       "every Monday, Thursday and Sunday at 23:59"},
      {{{"repeat", "monthly"}, {"day", 22}, {"time", "02:00"}}, "every month on the 22nd at 02:00"},
      {{{"repeat", "monthly"}, {"day", 12}, {"time", "02:00"}}, "every month on the 12th at 02:00"},
      {{{"repeat", "monthly"}, {"day", "last"}, {"time", "02:00"}}, "every month on the last day at 02:00"},
      {{{"repeat", "nth_weekday"}, {"nth", 3}, {"weekday", "sat"}, {"time", "02:00"}},
       "every month on the third Saturday at 02:00"},
      {{{"repeat", "nth_weekday"}, {"nth", "last"}, {"weekday", "fri"}, {"time", "02:00"}},
       "every month on the last Friday at 02:00"},
      {{{"repeat", "patch_tuesday"}, {"after_days", 0}, {"time", "20:00"}}, "every Patch Tuesday at 20:00"},
      {{{"repeat", "patch_tuesday"}, {"after_days", 1}, {"time", "20:00"}},
       "every month, 1 day after Patch Tuesday, at 20:00"}};
  for (const auto& [json, text] : all) {
    JsonReader in(json, "rule");
    const Rule rule = readRule(in);
    ASSERT_TRUE(in.finish()) << json;
    EXPECT_EQ(sentence(rule), text);
    const Json again = toJson(rule);
    JsonReader in_again(again, "rule");
    EXPECT_EQ(readRule(in_again), rule) << again;
    EXPECT_TRUE(in_again.finish()) << again;
  }
}

TEST(Rules, that_are_none_are_refused_by_the_members_name) {
  const std::vector<std::pair<Json, std::string>> bad = {
      {Json::object(), "rule.repeat"},
      {{{"repeat", "hourly"}, {"time", "02:30"}}, "rule.repeat"},
      {{{"repeat", "daily"}}, "rule.time"},
      {{{"repeat", "daily"}, {"time", "24:00"}}, "rule.time"},
      {{{"repeat", "daily"}, {"time", "2:30"}}, "rule.time"},
      {{{"repeat", "daily"}, {"time", "02:30"}, {"day", 1}}, "rule.day"},
      {{{"repeat", "once"}, {"time", "02:30"}}, "rule.date"},
      {{{"repeat", "once"}, {"date", "2026-02-29"}, {"time", "02:30"}}, "rule.date"},
      {{{"repeat", "weekly"}, {"weekdays", Json::array()}, {"time", "02:30"}}, "rule.weekdays"},
      {{{"repeat", "weekly"}, {"weekdays", {"monday"}}, {"time", "02:30"}}, "rule.weekdays"},
      {{{"repeat", "monthly"}, {"day", 0}, {"time", "02:30"}}, "rule.day"},
      {{{"repeat", "monthly"}, {"day", 32}, {"time", "02:30"}}, "rule.day"},
      {{{"repeat", "monthly"}, {"day", "first"}, {"time", "02:30"}}, "rule.day"},
      {{{"repeat", "nth_weekday"}, {"nth", 6}, {"weekday", "mon"}, {"time", "02:30"}}, "rule.nth"},
      {{{"repeat", "nth_weekday"}, {"nth", 1}, {"weekday", "may"}, {"time", "02:30"}}, "rule.weekday"},
      {{{"repeat", "patch_tuesday"}, {"after_days", 28}, {"time", "02:30"}}, "rule.after_days"},
      {{{"repeat", "patch_tuesday"}, {"time", "02:30"}}, "rule.after_days"}};
  for (const auto& [json, member] : bad)
    EXPECT_TRUE(complaint(json).starts_with(member + ":")) << json << ": " << complaint(json);
}

}  // namespace
}  // namespace redflag::testing
