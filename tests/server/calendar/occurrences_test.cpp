#include "calendar/occurrences.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace redflag::testing {
namespace {

using namespace redflag::calendar;

Rule rule(const Json& json) {
  JsonReader in(json, "rule");
  Rule rule = readRule(in);
  EXPECT_TRUE(in.finish()) << json;
  return rule;
}

std::int64_t at(const std::string& text) {
  return fromRfc3339(text).value();
}

std::vector<std::string> next(const Json& json, const std::string& zone, const std::string& after,
                              std::size_t most) {
  std::vector<std::string> texts;
  for (const auto& one : upcoming(rule(json), Zone::find(zone).value(), at(after), most))
    texts.push_back(toText(one.local) + " " + toRfc3339(one.at).substr(0, 16) + (one.moved ? " moved" : ""));
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Occurrences, of_a_time_that_does_not_exist_are_when_the_clock_is_put_forward) {
  const Json daily = {{"repeat", "daily"}, {"time", "02:30"}};
  EXPECT_EQ(next(daily, "Europe/Berlin", "2026-03-27T12:00:00Z", 3),
            (Texts{"2026-03-28T02:30 2026-03-28T01:30", "2026-03-29T02:30 2026-03-29T01:00 moved",
                   "2026-03-30T02:30 2026-03-30T00:30"}));
}

TEST(Occurrences, of_a_time_that_comes_twice_are_the_first_and_one) {
  const Json daily = {{"repeat", "daily"}, {"time", "02:30"}};
  EXPECT_EQ(next(daily, "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            (Texts{"2026-10-25T02:30 2026-10-25T00:30", "2026-10-26T02:30 2026-10-26T01:30"}));
  // Between the two it has been.
  EXPECT_EQ(next(daily, "Europe/Berlin", "2026-10-25T00:45:00Z", 1),
            (Texts{"2026-10-26T02:30 2026-10-26T01:30"}));
}

TEST(Occurrences, of_a_day_that_a_zone_left_out_are_at_its_end) {
  const Json daily = {{"repeat", "daily"}, {"time", "12:00"}};
  EXPECT_EQ(next(daily, "Pacific/Apia", "2011-12-29T00:00:00Z", 3),
            (Texts{"2011-12-29T12:00 2011-12-29T22:00", "2011-12-30T12:00 2011-12-30T10:00 moved",
                   "2011-12-31T12:00 2011-12-30T22:00"}));
}

TEST(Occurrences, of_a_month_leave_out_months_without_the_day) {
  EXPECT_EQ(next({{"repeat", "monthly"}, {"day", 31}, {"time", "01:00"}}, "UTC", "2026-01-31T01:00:00Z", 2),
            (Texts{"2026-03-31T01:00 2026-03-31T01:00", "2026-05-31T01:00 2026-05-31T01:00"}));
  EXPECT_EQ(
      next({{"repeat", "monthly"}, {"day", "last"}, {"time", "01:00"}}, "UTC", "2028-02-01T00:00:00Z", 2),
      (Texts{"2028-02-29T01:00 2028-02-29T01:00", "2028-03-31T01:00 2028-03-31T01:00"}));
}

TEST(Occurrences, count_days_from_the_months_second_tuesday_also_into_the_next_month) {
  EXPECT_EQ(next({{"repeat", "patch_tuesday"}, {"after_days", 3}, {"time", "02:00"}}, "UTC",
                 "2026-01-01T00:00:00Z", 2),
            (Texts{"2026-01-16T02:00 2026-01-16T02:00", "2026-02-13T02:00 2026-02-13T02:00"}));
  EXPECT_EQ(next({{"repeat", "patch_tuesday"}, {"after_days", 27}, {"time", "02:00"}}, "UTC",
                 "2026-01-20T00:00:00Z", 1),
            (Texts{"2026-02-09T02:00 2026-02-09T02:00"}));
}

TEST(Occurrences, of_once_are_one_however_far_away_and_none_afterwards) {
  const Json once = {{"repeat", "once"}, {"date", "2199-12-31"}, {"time", "23:59"}};
  EXPECT_EQ(next(once, "UTC", "2026-01-01T00:00:00Z", 5), (Texts{"2199-12-31T23:59 2199-12-31T23:59"}));
  EXPECT_EQ(next(once, "UTC", "2199-12-31T23:59:00Z", 5), Texts{});
}

TEST(Zones, are_known_by_their_names_alone) {
  for (const char* bad :
       {"", "Nowhere/Else", "../../etc/passwd", "/etc/localtime", "europe berlin", "Europe/"})
    EXPECT_FALSE(Zone::find(bad)) << bad;
  for (const char* good : {"Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5"})
    EXPECT_TRUE(Zone::find(good)) << good;
}

}  // namespace
}  // namespace redflag::testing
