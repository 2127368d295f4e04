#include "executor/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/time.h"

namespace redflag::kernel {

void logLine(std::string_view level, std::string_view text) {
  std::string safe(text);
  std::replace_if(
      safe.begin(), safe.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  const std::string line = fmt::format("{} {} {}\n", toRfc3339(epochNow()), level, safe);
  // A full disk, or nobody there who reads: no order ends for that.
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

}  // namespace redflag::kernel
