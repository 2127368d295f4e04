#pragma once
// The settings `refresh` and `refresh_after`: who keeps a package manager's lists young, and how old they may
// be.

#include <charconv>
#include <cstdint>
#include <string>

#include "base/json.h"

namespace redflag::plugin {

struct RefreshSetting {
  bool expected = false;  // refresh: system
  std::int64_t after_s = 2 * 24 * 3600;
};

inline RefreshSetting readRefreshSetting(JsonReader& in) {
  RefreshSetting out;
  out.expected = in.optionalText("refresh", 16, "never") == "system";
  const auto text = in.optionalText("refresh_after", 8, "2d");
  std::int64_t count = 0;
  const auto* const last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), last, count);
  const char unit = stop != last ? *stop : ' ';
  if (error != std::errc() || stop + 1 != last || count <= 0 || count > 9999 ||
      (unit != 'm' && unit != 'h' && unit != 'd')) {
    in.refuse("refresh_after", "a time like 90m, 6h or 2d");
    return out;
  }
  out.after_s = count * (unit == 'd' ? 24 * 3600 : unit == 'h' ? 3600 : 60);
  return out;
}

}  // namespace redflag::plugin
