#pragma once
// When something comes again: calendar rules of whole days at one time of day, in a zone that is told
// separately. In JSON, as the API and the store have it:
//
//   {"repeat": "once", "date": "2026-03-29", "time": "02:30"}
//   {"repeat": "daily", "time": "02:30"}
//   {"repeat": "weekly", "weekdays": ["mon", "thu"], "time": "02:30"}
//   {"repeat": "monthly", "day": 31 | "last", "time": "02:30"}               a month without that day is left
//   out
//   {"repeat": "nth_weekday", "nth": 1…5 | "last", "weekday": "sun", "time": "02:30"}     also a fifth
//   {"repeat": "patch_tuesday", "after_days": 0…27, "time": "02:30"}         days after the month's second
//   Tuesday
//
// Pure values. [any thread]

#include <array>
#include <string>

#include "base/json.h"
#include "calendar/zone.h"

namespace redflag::calendar {

enum class Repeat { kOnce, kDaily, kWeekly, kMonthly, kNthWeekday, kPatchTuesday };

constexpr int kLast = 0;  // for `day` and `nth`

struct Rule {
  Repeat repeat = Repeat::kDaily;
  int minute_of_day = 0;
  Local date = {};                    // kOnce: its midnight
  std::array<bool, 7> weekdays = {};  // kWeekly any, kNthWeekday one; Sunday first
  int day = kLast;                    // kMonthly
  int nth = kLast;                    // kNthWeekday
  int after_days = 0;                 // kPatchTuesday
  bool operator==(const Rule&) const = default;
};

// Complains through the reader, by the member's name. Whoever calls it finishes the reader.
Rule readRule(JsonReader& in);
Json toJson(const Rule& rule);
// For people: "every Monday and Thursday at 02:30".
std::string sentence(const Rule& rule);

}  // namespace redflag::calendar
