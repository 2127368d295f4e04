#pragma once
// Maintenance windows: weekly, on the machine's own wall clock. "Mon-Fri 22:00-05:00" starts on five evenings
// and ends on the morning after, so Saturday 03:00 is inside and Monday 03:00 is not. Where daylight saving
// skips an hour, a window inside that hour does not happen; where it repeats one, the window holds both
// times.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace redflag::kernel {

// A minute of the week as a clock on the wall shows it.
struct LocalMinute {
  int weekday = 0;  // 0 is Sunday
  int minute = 0;   // 0..1439
};

// In the machine's time zone as it is set at this moment. Threads: any.
LocalMinute localMinute(std::int64_t epoch_ns);
// "Sat 23:00", or the local date "2025-03-01 23:00".
Result<LocalMinute> parseLocalMinute(std::string_view text);
std::string toText(const LocalMinute& at);  // "Sat 23:00"

class Window {
 public:
  // DAYS HH:MM-HH:MM with DAYS like "Sun", "Mon-Fri", "Sat-Mon", "Mon,Wed,Fri". The end may be 24:00 and is
  // not inside.
  static Result<Window> parse(std::string_view text);
  bool contains(const LocalMinute& at) const;

 private:
  unsigned days_ = 0;  // bit n: starts on weekday n
  int from_ = 0;
  int to_ = 0;
};

}  // namespace redflag::kernel
