#include "calendar/rule.h"

#include <date/date.h>

#include <algorithm>
#include <optional>

namespace redflag::calendar {
namespace {

constexpr std::array<const char*, 6> kRepeats = {"once",    "daily",       "weekly",
                                                 "monthly", "nth_weekday", "patch_tuesday"};
constexpr std::array<const char*, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<const char*, 7> kWeekdayNames = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                      "Thursday", "Friday", "Saturday"};
constexpr std::array<const char*, 6> kOrdinals = {"last", "first", "second", "third", "fourth", "fifth"};
constexpr const char* kWeekdayWords = "sun, mon, tue, wed, thu, fri or sat";

template <std::size_t N>
std::optional<std::size_t> indexOf(const std::array<const char*, N>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

// Digits where `shape` has a 0, itself everywhere else.
bool shaped(const std::string& text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == '0' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

int readTime(JsonReader& in) {
  const std::string text = in.text("time", 5);
  if (shaped(text, "00:00")) {
    const int hour = std::stoi(text.substr(0, 2));
    const int minute = std::stoi(text.substr(3, 2));
    if (hour < 24 && minute < 60) return hour * 60 + minute;
  }
  in.refuse("time", "a time of day like 02:30");
  return 0;
}

Local readDate(JsonReader& in) {
  const std::string text = in.text("date", 10);
  if (shaped(text, "0000-00-00")) {
    const date::year_month_day day{date::year(std::stoi(text.substr(0, 4))),
                                   date::month(static_cast<unsigned>(std::stoi(text.substr(5, 2)))),
                                   date::day(static_cast<unsigned>(std::stoi(text.substr(8, 2))))};
    if (day.ok() && day.year() >= date::year(2000) && day.year() < date::year(2200))
      return {date::local_days(day).time_since_epoch().count() * std::int64_t{1440}};
  }
  in.refuse("date", "a day like 2026-03-29");
  return {};
}

std::array<bool, 7> readWeekdays(JsonReader& in) {
  std::array<bool, 7> days = {};
  for (const auto& name : in.texts("weekdays", days.size())) {
    const auto index = indexOf(kWeekdays, name);
    if (!index) in.refuse("weekdays", std::string("a list of ") + kWeekdayWords);
    if (index) days[*index] = true;
  }
  if (std::none_of(days.begin(), days.end(), [](bool on) { return on; }))
    in.refuse("weekdays", std::string("at least one of ") + kWeekdayWords);
  return days;
}

// A number up to `high`, or "last".
int readOrdinal(JsonReader& in, const char* key, int high) {
  const Json* value = in.find(key);
  if (value != nullptr && *value == "last") return kLast;
  if (value != nullptr && value->is_number_integer() && *value >= 1 && *value <= high)
    return value->get<int>();
  in.refuse(key, "a number from 1 to " + std::to_string(high) + ", or \"last\"");
  return kLast;
}

Json ordinal(int value) {
  return value == kLast ? Json("last") : Json(value);
}

std::string dayText(Local midnight) {
  return toText(midnight).substr(0, 10);
}

std::string timeText(int minute_of_day) {
  return toText({minute_of_day}).substr(11);
}

std::string namesOf(const std::array<bool, 7>& days) {
  std::vector<std::string> names;
  for (const std::size_t day : {1U, 2U, 3U, 4U, 5U, 6U, 0U})
    if (days[day]) names.emplace_back(kWeekdayNames[day]);
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string withSuffix(int day) {
  const int ten = day / 10 % 10;
  const char* suffix = ten == 1        ? "th"
                       : day % 10 == 1 ? "st"
                       : day % 10 == 2 ? "nd"
                       : day % 10 == 3 ? "rd"
                                       : "th";
  return std::to_string(day) + suffix;
}

}  // namespace

Rule readRule(JsonReader& in) {
  Rule rule;
  const auto repeat = indexOf(kRepeats, in.text("repeat", 16));
  if (!repeat) {
    in.refuse("repeat", "once, daily, weekly, monthly, nth_weekday or patch_tuesday");
    return rule;
  }
  rule.repeat = static_cast<Repeat>(*repeat);
  rule.minute_of_day = readTime(in);
  switch (rule.repeat) {
    case Repeat::kOnce:
      rule.date = readDate(in);
      break;
    case Repeat::kDaily:
      break;
    case Repeat::kWeekly:
      rule.weekdays = readWeekdays(in);
      break;
    case Repeat::kMonthly:
      rule.day = readOrdinal(in, "day", 31);
      break;
    case Repeat::kNthWeekday: {
      rule.nth = readOrdinal(in, "nth", 5);
      const auto weekday = indexOf(kWeekdays, in.text("weekday", 3));
      if (!weekday) in.refuse("weekday", kWeekdayWords);
      if (weekday) rule.weekdays[*weekday] = true;
      break;
    }
    case Repeat::kPatchTuesday:
      rule.after_days = static_cast<int>(in.integer("after_days", 0, 27));
      break;
  }
  return rule;
}

Json toJson(const Rule& rule) {
  Json json = {{"repeat", kRepeats[static_cast<std::size_t>(rule.repeat)]},
               {"time", timeText(rule.minute_of_day)}};
  if (rule.repeat == Repeat::kOnce) json["date"] = dayText(rule.date);
  if (rule.repeat == Repeat::kMonthly) json["day"] = ordinal(rule.day);
  if (rule.repeat == Repeat::kPatchTuesday) json["after_days"] = rule.after_days;
  if (rule.repeat == Repeat::kNthWeekday) json["nth"] = ordinal(rule.nth);
  for (std::size_t day = 0; day < rule.weekdays.size(); ++day) {
    if (!rule.weekdays[day]) continue;
    if (rule.repeat == Repeat::kWeekly) json["weekdays"].push_back(kWeekdays[day]);
    if (rule.repeat == Repeat::kNthWeekday) json["weekday"] = kWeekdays[day];
  }
  return json;
}

std::string sentence(const Rule& rule) {
  const std::string at = " at " + timeText(rule.minute_of_day);
  switch (rule.repeat) {
    case Repeat::kOnce:
      return "once, on " + dayText(rule.date) + at;
    case Repeat::kDaily:
      return "every day" + at;
    case Repeat::kWeekly:
      return "every " + namesOf(rule.weekdays) + at;
    case Repeat::kMonthly:
      return "every month on the " + (rule.day == kLast ? "last day" : withSuffix(rule.day)) + at;
    case Repeat::kNthWeekday:
      return std::string("every month on the ") + kOrdinals[static_cast<std::size_t>(rule.nth)] + " " +
             namesOf(rule.weekdays) + at;
    case Repeat::kPatchTuesday:
      break;
  }
  if (rule.after_days == 0) return "every Patch Tuesday" + at;
  return "every month, " + std::to_string(rule.after_days) + (rule.after_days == 1 ? " day" : " days") +
         " after Patch Tuesday," + at;
}

}  // namespace redflag::calendar
