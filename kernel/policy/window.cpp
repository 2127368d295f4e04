#include "policy/window.h"

#include <date/date.h>
#include <fmt/format.h>
#include <time.h>

#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>

#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr int kDayMinutes = 24 * 60;

std::optional<int> dayFrom(std::string_view text) {
  for (std::size_t day = 0; day < kDays.size(); ++day) {
    if (kDays[day] == text) return static_cast<int>(day);
  }
  return std::nullopt;
}

std::optional<int> twoDigits(std::string_view text) {
  int value = 0;
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.size() != 2 || error != std::errc() || stop != end || value < 0) return std::nullopt;
  return value;
}

// "HH:MM", up to and including 24:00.
std::optional<int> minuteFrom(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = twoDigits(text.substr(0, 2));
  const auto minute = twoDigits(text.substr(3));
  if (!hour || !minute || *minute > 59 || *hour * 60 + *minute > kDayMinutes) return std::nullopt;
  return *hour * 60 + *minute;
}

// One of "Sun", "Mon-Fri", "Sat-Mon" as bits; 0 when it is none.
unsigned daysFrom(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = dayFrom(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : dayFrom(text.substr(dash + 1));
  if (!first || !last) return 0;
  unsigned days = 0;
  for (int day = *first;; day = (day + 1) % 7) {
    days |= 1U << static_cast<unsigned>(day);
    if (day == *last) return days;
  }
}

unsigned dayListFrom(std::string_view text) {
  unsigned days = 0;
  for (;;) {
    const auto comma = text.find(',');
    const unsigned some = daysFrom(text.substr(0, comma));
    if (some == 0) return 0;
    days |= some;
    if (comma == std::string_view::npos) return days;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

LocalMinute localMinute(std::int64_t epoch_ns) {
  tzset();  // localtime_r alone would not notice that the owner changed the zone while we run
  const auto at = static_cast<time_t>(epoch_ns / kSecondNs);
  tm local = {};
  localtime_r(&at, &local);
  return {local.tm_wday, local.tm_hour * 60 + local.tm_min};
}

Result<LocalMinute> parseLocalMinute(std::string_view text) {
  const auto refused = fail(Code::kInvalid, "expected a time like \"Sat 23:00\" or \"2025-03-01 23:00\"");
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return refused;
  const auto minute = minuteFrom(text.substr(space + 1));
  if (!minute || *minute == kDayMinutes) return refused;
  if (const auto day = dayFrom(text.substr(0, space))) return LocalMinute{*day, *minute};
  const auto midnight = fromRfc3339(std::string(text.substr(0, space)) + "T00:00:00Z");
  if (!midnight) return refused;
  const auto day =
      date::floor<date::days>(date::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(*midnight)));
  return LocalMinute{static_cast<int>(date::weekday(day).c_encoding()), *minute};
}

std::string toText(const LocalMinute& at) {
  return fmt::format("{} {:02}:{:02}", kDays.at(static_cast<std::size_t>(at.weekday)), at.minute / 60,
                     at.minute % 60);
}

Result<Window> Window::parse(std::string_view text) {
  const auto space = text.find(' ');
  const auto dash = text.find('-', space == std::string_view::npos ? text.size() : space);
  const auto refused =
      fail(Code::kInvalid, "expected a window like \"Mon-Fri 22:00-05:00\" or \"Sun 01:00-06:00\"");
  if (space == std::string_view::npos || dash == std::string_view::npos) return refused;
  const auto from = minuteFrom(text.substr(space + 1, dash - space - 1));
  const auto to = minuteFrom(text.substr(dash + 1));
  Window window;
  window.days_ = dayListFrom(text.substr(0, space));
  if (window.days_ == 0 || !from || !to || *from == kDayMinutes) return refused;
  if (*from == *to) return fail(Code::kInvalid, "the window is empty; a whole day is \"00:00-24:00\"");
  window.from_ = *from;
  window.to_ = *to;
  return window;
}

bool Window::contains(const LocalMinute& at) const {
  const auto startsOn = [this](int day) { return ((days_ >> static_cast<unsigned>(day)) & 1U) != 0; };
  if (from_ < to_) return startsOn(at.weekday) && at.minute >= from_ && at.minute < to_;
  return (startsOn(at.weekday) && at.minute >= from_) || (startsOn((at.weekday + 6) % 7) && at.minute < to_);
}

}  // namespace redflag::kernel
