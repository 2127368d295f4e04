#include "policy/window.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "base/time.h"

namespace redflag::kernel {
namespace {

bool inside(const char* window, const char* at) {
  const auto parsed = Window::parse(window);
  const auto minute = parseLocalMinute(at);
  EXPECT_TRUE(parsed.has_value()) << window;
  EXPECT_TRUE(minute.has_value()) << at;
  return parsed && minute && parsed->contains(*minute);
}

// The machine's time zone for one test.
class Zone {
 public:
  explicit Zone(const char* name) : before_(getenv("TZ") != nullptr ? getenv("TZ") : "") {
    setenv("TZ", name, 1);
  }
  ~Zone() { before_.empty() ? unsetenv("TZ") : setenv("TZ", before_.c_str(), 1); }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::string before_;
};

bool insideAtUtc(const char* window, const char* utc) {
  return Window::parse(window)->contains(localMinute(fromRfc3339(utc).value()));
}

TEST(Window, holds_the_minutes_from_its_start_to_before_its_end) {
  struct Case {
    const char* window;
    const char* at;
    bool expected;
  };
  const std::vector<Case> cases = {
      {"Sun 01:00-06:00", "Sun 00:59", false},        {"Sun 01:00-06:00", "Sun 01:00", true},
      {"Sun 01:00-06:00", "Sun 05:59", true},         {"Sun 01:00-06:00", "Sun 06:00", false},
      {"Sun 01:00-06:00", "Mon 02:00", false},        {"Mon-Fri 22:00-05:00", "Mon 21:59", false},
      {"Mon-Fri 22:00-05:00", "Mon 22:00", true},     {"Mon-Fri 22:00-05:00", "Mon 03:00", false},
      {"Mon-Fri 22:00-05:00", "Tue 03:00", true},     {"Mon-Fri 22:00-05:00", "Fri 23:00", true},
      {"Mon-Fri 22:00-05:00", "Sat 04:59", true},     {"Mon-Fri 22:00-05:00", "Sat 05:00", false},
      {"Mon-Fri 22:00-05:00", "Sat 23:00", false},    {"Mon-Fri 22:00-05:00", "Sun 03:00", false},
      {"Sat 22:00-05:00", "Sun 03:00", true},         {"Fri-Mon 10:00-11:00", "Sun 10:30", true},
      {"Fri-Mon 10:00-11:00", "Tue 10:30", false},    {"Mon,Wed-Thu 10:00-11:00", "Tue 10:30", false},
      {"Mon,Wed-Thu 10:00-11:00", "Thu 10:30", true}, {"Sun 00:00-24:00", "Sun 23:59", true},
      {"Sun 00:00-24:00", "Mon 00:00", false},        {"Sun 20:00-00:00", "Sun 23:59", true},
      {"Sun 20:00-00:00", "Mon 00:00", false},
  };
  for (const Case& c : cases)
    EXPECT_EQ(inside(c.window, c.at), c.expected) << c.window << " at " << c.at;
}

TEST(Window, refuses_what_is_not_a_window) {
  for (const char* text : {"",
                           "Sun",
                           "Sun ",
                           "01:00-06:00",
                           "Sunday 01:00-06:00",
                           "sun 01:00-06:00",
                           "Sun 1:00-6:00",
                           "Sun 01:00",
                           "Sun 01:00-",
                           "Sun 01:00-24:01",
                           "Sun 24:00-01:00",
                           "Sun 25:00-26:00",
                           "Sun 01:60-02:00",
                           "Sun 01:00-01:00",
                           "Mon- 01:00-02:00",
                           "Mon,,Tue 01:00-02:00",
                           "Sun  01:00-02:00",
                           "Sun 01:00-02:00 ",
                           "Sun -1:00-02:00",
                           "Sun +1:00-02:00"}) {
    EXPECT_FALSE(Window::parse(text).has_value()) << '"' << text << '"';
  }
}

TEST(Window, reads_a_weekday_or_a_date_as_a_moment) {
  EXPECT_EQ(toText(parseLocalMinute("Sat 23:00").value()), "Sat 23:00");
  EXPECT_EQ(toText(parseLocalMinute("2025-03-01 08:05").value()), "Sat 08:05");
  for (const char* text :
       {"", "Sat", "Sat 24:00", "2025-02-30 08:00", "2025-03-01T08:00", "Sat 8:00", "Sat 08:00x"}) {
    EXPECT_FALSE(parseLocalMinute(text).has_value()) << '"' << text << '"';
  }
}

TEST(Window, goes_by_the_wall_clock_of_the_machines_zone) {
  const Zone zone("America/New_York");
  EXPECT_TRUE(insideAtUtc("Fri 22:00-23:00", "2025-01-11T03:30:00Z"));  // Friday 22:30 there
  EXPECT_FALSE(insideAtUtc("Sat 03:00-04:00", "2025-01-11T03:30:00Z"));
}

TEST(Window, inside_a_skipped_hour_does_not_happen) {
  const Zone zone("Europe/Berlin");  // 2025-03-30: 02:00 becomes 03:00 at 01:00 UTC
  EXPECT_TRUE(insideAtUtc("Sun 01:00-06:00", "2025-03-30T00:59:59Z"));
  EXPECT_TRUE(insideAtUtc("Sun 01:00-06:00", "2025-03-30T01:00:00Z"));
  EXPECT_FALSE(insideAtUtc("Sun 02:00-03:00", "2025-03-30T00:59:59Z"));
  EXPECT_FALSE(insideAtUtc("Sun 02:00-03:00", "2025-03-30T01:00:00Z"));
  EXPECT_FALSE(insideAtUtc("Sun 01:00-06:00", "2025-03-30T04:00:00Z"));  // 06:00 of summer time
}

TEST(Window, holds_a_repeated_hour_twice) {
  const Zone zone("Europe/Berlin");  // 2025-10-26: 03:00 becomes 02:00 at 01:00 UTC
  EXPECT_TRUE(insideAtUtc("Sun 02:00-03:00", "2025-10-26T00:30:00Z"));
  EXPECT_TRUE(insideAtUtc("Sun 02:00-03:00", "2025-10-26T01:30:00Z"));
  EXPECT_FALSE(insideAtUtc("Sun 02:00-03:00", "2025-10-26T02:00:00Z"));
}

}  // namespace
}  // namespace redflag::kernel
