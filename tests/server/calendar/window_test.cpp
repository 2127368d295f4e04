#include "calendar/window.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace redflag::testing {
namespace {

using calendar::Window;
using calendar::Zone;
using Texts = std::vector<std::string>;

Window window(const Json& json, std::int64_t minutes) {
  JsonReader in(json, "rule");
  const Window window{calendar::readRule(in), minutes * 60};
  EXPECT_TRUE(in.finish()) << json;
  return window;
}

Texts spans(const std::vector<Window>& windows, const std::string& zone, const std::string& at,
            std::size_t most = 2) {
  Texts texts;
  for (const auto& span :
       calendar::spansFrom(windows, Zone::find(zone).value(), fromRfc3339(at).value(), most)) {
    texts.push_back(toRfc3339(span.opens_at).substr(5, 11) + " " + toRfc3339(span.closes_at).substr(5, 11));
  }
  return texts;
}

const Json kNightly = {{"repeat", "daily"}, {"time", "22:00"}};

TEST(Window, is_open_from_its_first_instant_to_before_its_last_across_midnight) {
  const std::vector<Window> night = {window(kNightly, 7 * 60)};
  EXPECT_EQ(spans(night, "UTC", "2026-03-02T21:59:59Z"),
            (Texts{"03-02T22:00 03-03T05:00", "03-03T22:00 03-04T05:00"}));
  EXPECT_EQ(spans(night, "UTC", "2026-03-02T22:00:00Z", 1), (Texts{"03-02T22:00 03-03T05:00"}));
  EXPECT_EQ(spans(night, "UTC", "2026-03-03T04:59:59Z", 1), (Texts{"03-02T22:00 03-03T05:00"}));
  EXPECT_EQ(spans(night, "UTC", "2026-03-03T05:00:00Z", 1), (Texts{"03-03T22:00 03-04T05:00"}));
}

TEST(Window, is_as_long_in_the_nights_in_which_the_clocks_are_changed) {
  const std::vector<Window> early = {window({{"repeat", "daily"}, {"time", "01:00"}}, 180)};
  // 01:00 to 05:00 on those clocks, and 01:00 to 03:00.
  EXPECT_EQ(spans(early, "Europe/Berlin", "2026-03-28T12:00:00Z", 1), (Texts{"03-29T00:00 03-29T03:00"}));
  EXPECT_EQ(spans(early, "Europe/Berlin", "2026-10-24T12:00:00Z", 1), (Texts{"10-24T23:00 10-25T02:00"}));
}

TEST(Window, that_opens_at_a_time_which_does_not_exist_opens_when_the_clock_is_put_forward) {
  const std::vector<Window> gap = {window({{"repeat", "daily"}, {"time", "02:30"}}, 60)};
  EXPECT_EQ(spans(gap, "Europe/Berlin", "2026-03-28T12:00:00Z", 1), (Texts{"03-29T01:00 03-29T02:00"}));
}

TEST(Window, that_opens_at_a_time_which_comes_twice_opens_once) {
  const std::vector<Window> twice = {window({{"repeat", "daily"}, {"time", "02:30"}}, 30)};
  EXPECT_EQ(spans(twice, "Europe/Berlin", "2026-10-24T12:00:00Z"),
            (Texts{"10-25T00:30 10-25T01:00", "10-26T01:30 10-26T02:00"}));
}

TEST(Window, comes_by_weekdays_nth_weekdays_and_patch_tuesdays) {
  EXPECT_EQ(spans({window({{"repeat", "weekly"}, {"weekdays", {"sat", "sun"}}, {"time", "10:00"}}, 60)},
                  "UTC", "2026-03-02T00:00:00Z"),
            (Texts{"03-07T10:00 03-07T11:00", "03-08T10:00 03-08T11:00"}));
  EXPECT_EQ(
      spans({window({{"repeat", "nth_weekday"}, {"nth", "last"}, {"weekday", "sun"}, {"time", "03:00"}}, 60)},
            "UTC", "2026-03-02T00:00:00Z", 1),
      (Texts{"03-29T03:00 03-29T04:00"}));
  EXPECT_EQ(spans({window({{"repeat", "patch_tuesday"}, {"after_days", 3}, {"time", "22:00"}}, 120)}, "UTC",
                  "2026-03-02T00:00:00Z"),
            (Texts{"03-13T22:00 03-14T00:00", "04-17T22:00 04-18T00:00"}));
}

TEST(Window, makes_one_span_with_those_that_overlap_or_meet) {
  const std::vector<Window> three = {window(kNightly, 120),
                                     window({{"repeat", "daily"}, {"time", "23:00"}}, 120),
                                     window({{"repeat", "daily"}, {"time", "01:00"}}, 60)};
  EXPECT_EQ(spans(three, "UTC", "2026-03-02T12:00:00Z"),
            (Texts{"03-02T22:00 03-03T02:00", "03-03T22:00 03-04T02:00"}));
  // What the first of them opened is open until the last of them closes.
  EXPECT_EQ(spans(three, "UTC", "2026-03-03T00:30:00Z", 1).front().substr(12), "03-03T02:00");
}

TEST(Window, of_once_is_over_after_it) {
  const std::vector<Window> once = {
      window({{"repeat", "once"}, {"date", "2026-03-02"}, {"time", "22:00"}}, 60)};
  EXPECT_EQ(spans(once, "UTC", "2026-03-02T22:59:59Z"), (Texts{"03-02T22:00 03-02T23:00"}));
  EXPECT_TRUE(spans(once, "UTC", "2026-03-02T23:00:00Z").empty());
  EXPECT_TRUE(spans({}, "UTC", "2026-03-02T23:00:00Z").empty());
}

}  // namespace
}  // namespace redflag::testing
