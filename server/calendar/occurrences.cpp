#include "calendar/occurrences.h"

#include <date/date.h>

#include <algorithm>

#include "base/time.h"

namespace redflag::calendar {
namespace {

constexpr std::int64_t kDayMinutes = 1440;
// The rarest rule comes four times a year or so: a fifth weekday, a 31st.
constexpr std::int64_t kFarNs = 4 * 366 * std::int64_t{86'400} * kSecondNs;

bool matchesOrdinal(const Rule& rule, const date::year_month_day& day) {
  const unsigned number = static_cast<unsigned>(day.day());
  const date::year_month_day_last last(day.year() / day.month() / date::last);
  if (rule.nth == kLast) return number + 7 > static_cast<unsigned>(last.day());
  return (number + 6) / 7 == static_cast<unsigned>(rule.nth);
}

bool matches(const Rule& rule, date::local_days day) {
  const date::year_month_day ymd(day);
  const unsigned weekday = date::weekday(day).c_encoding();
  switch (rule.repeat) {
    case Repeat::kOnce:
      return day.time_since_epoch().count() == rule.date.minutes / kDayMinutes;
    case Repeat::kDaily:
      return true;
    case Repeat::kWeekly:
      return rule.weekdays[weekday];
    case Repeat::kMonthly:
      if (rule.day == kLast) return day == date::local_days(ymd.year() / ymd.month() / date::last);
      return static_cast<unsigned>(ymd.day()) == static_cast<unsigned>(rule.day);
    case Repeat::kNthWeekday:
      return rule.weekdays[weekday] && matchesOrdinal(rule, ymd);
    case Repeat::kPatchTuesday: {
      const date::local_days base = day - date::days(rule.after_days);
      const date::year_month_day tuesday(base);
      return base == date::local_days(tuesday.year() / tuesday.month() / date::Tuesday[2]);
    }
  }
  return false;
}

}  // namespace

std::vector<Occurrence> occurrences(const Rule& rule, const Zone& zone, std::int64_t after,
                                    std::int64_t until, std::size_t most) {
  std::vector<Occurrence> found;
  const auto dayOf = [&](std::int64_t at) {
    return date::floor<date::days>(
        date::local_time<std::chrono::minutes>(std::chrono::minutes(zone.local(at).minutes)));
  };
  // A day more at both ends: a zone may leave out a whole one.
  date::local_days day = dayOf(after) - date::days(2);
  const date::local_days end = dayOf(until) + date::days(1);
  if (rule.repeat == Repeat::kOnce)
    day = std::max(day, date::local_days(date::days(rule.date.minutes / kDayMinutes)));
  for (; day <= end && found.size() < most; day += date::days(1)) {
    if (!matches(rule, day)) {
      if (rule.repeat == Repeat::kOnce) break;
      continue;
    }
    const Local local{day.time_since_epoch().count() * kDayMinutes + rule.minute_of_day};
    const auto instant = zone.at(local);
    if (instant.at > after && instant.at <= until) found.push_back({instant.at, local, instant.moved});
  }
  return found;
}

std::vector<Occurrence> upcoming(const Rule& rule, const Zone& zone, std::int64_t after, std::size_t most) {
  // One that is once may be further away than anything that comes again.
  const std::int64_t once = rule.date.minutes * 60 * kSecondNs + 2 * kDayMinutes * 60 * kSecondNs;
  const std::int64_t until = rule.repeat == Repeat::kOnce ? std::max(after, once) : after + kFarNs;
  return occurrences(rule, zone, after, until, most);
}

}  // namespace redflag::calendar
