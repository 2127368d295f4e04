#include "base/time.h"

#include <date/date.h>
#include <fmt/format.h>

#include <array>
#include <chrono>

namespace redflag {
namespace {

class SystemClock : public Clock {
 public:
  std::int64_t epochNs() const override { return epochNow(); }
  std::int64_t monotonicNs() const override { return monotonicNow(); }
};

struct FieldPlace {
  std::size_t at;
  std::size_t size;
  char after;  // '\0': whatever follows
};
constexpr std::array<FieldPlace, 6> kFields = {
    {{0, 4, '-'}, {5, 2, '-'}, {8, 2, 'T'}, {11, 2, ':'}, {14, 2, ':'}, {17, 2, '\0'}}};
constexpr std::size_t kShortest = 20;

bool digits(std::string_view text, int& value) {
  value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return true;
}

// "" or ".5": up to nine digits after the point, as nanoseconds.
bool fractionOf(std::string_view text, std::int64_t& ns) {
  if (text.empty()) return true;
  int value = 0;
  if (text.front() != '.' || text.size() < 2 || !digits(text.substr(1), value)) return false;
  ns = value;
  for (std::size_t i = text.size() - 1; i < 9; ++i)
    ns *= 10;
  return true;
}

}  // namespace

std::int64_t epochNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::int64_t monotonicNow() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

std::string toRfc3339(std::int64_t epoch_ns) {
  // In milliseconds before days: midnight before the earliest moment does not fit into 64 bits of
  // nanoseconds.
  const date::sys_time<std::chrono::nanoseconds> exact{std::chrono::nanoseconds(epoch_ns)};
  const auto at = date::floor<std::chrono::milliseconds>(exact);
  const auto day = date::floor<date::days>(at);
  const date::year_month_day calendar{day};
  const date::hh_mm_ss clock{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(calendar.year()),
                     static_cast<unsigned>(calendar.month()), static_cast<unsigned>(calendar.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<std::int64_t> fromRfc3339(std::string_view text) {
  const auto refused = [] {
    return fail(Code::kInvalid, "expected an RFC 3339 time in UTC, e.g. 2025-03-01T02:03:04Z");
  };
  // "2025-03-01T02:03:04Z", or with a point and up to nine digits before the Z.
  if (text.size() < kShortest || text.size() > kShortest + 10 || text.back() != 'Z') return refused();
  std::array<int, 6> parts{};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const auto [at, size, after] = kFields[i];
    if (!digits(text.substr(at, size), parts[i])) return refused();
    if (after != '\0' && text[at + size] != after) return refused();
  }
  std::int64_t fraction_ns = 0;
  if (!fractionOf(text.substr(19, text.size() - kShortest), fraction_ns)) return refused();
  const date::year_month_day day{date::year(parts[0]), date::month(static_cast<unsigned>(parts[1])),
                                 date::day(static_cast<unsigned>(parts[2]))};
  // What 64 bits of nanoseconds can hold, with whole years.
  const bool fits = parts[0] >= 1678 && parts[0] <= 2261;
  if (!fits || !day.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 59) return refused();
  const std::int64_t days = date::sys_days(day).time_since_epoch().count();
  return (((days * 24 + parts[3]) * 60 + parts[4]) * 60 + parts[5]) * kSecondNs + fraction_ns;
}

const Clock& systemClock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace redflag
