#pragma once
// The settings `refresh` and `refresh_after`: who keeps a package manager's lists young, and how old they may
// be.

#include <charconv>
#include <cstdint>
#include <string>

#include "base/json.h"

namespace redflag::plugin {

enum class Refresh {
  kNever,    // the lists are read as they are
  kSystem,   // the machine's own timer is expected to
  kPrivate,  // the scanner itself, in a copy of its own
};

struct RefreshSetting {
  Refresh who = Refresh::kNever;
  std::int64_t after_s = 0;
};

constexpr std::int64_t kRefreshAfterS = 2 * 24 * 3600;  // machines' own timers come once a day
constexpr std::int64_t kPrivateRefreshAfterS = 6 * 3600;

inline void readRefreshAfter(JsonReader& in, RefreshSetting& out) {
  if (in.find("refresh_after") == nullptr) return;
  const auto text = in.text("refresh_after", 8);
  std::int64_t count = 0;
  const auto* const last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), last, count);
  const char unit = stop != last ? *stop : ' ';
  if (error != std::errc() || stop + 1 != last || count <= 0 || count > 9999 ||
      (unit != 'm' && unit != 'h' && unit != 'd')) {
    in.refuse("refresh_after", "a time like 90m, 6h or 2d");
    return;
  }
  out.after_s = count * (unit == 'd' ? 24 * 3600 : unit == 'h' ? 3600 : 60);
}

// `may_be_private`: for a scanner that can keep a copy.
inline RefreshSetting readRefreshSetting(JsonReader& in, bool may_be_private) {
  RefreshSetting out;
  const auto who = in.optionalText("refresh", 16, "never");
  if (who == "system") {
    out.who = Refresh::kSystem;
  } else if (who == "private" && may_be_private) {
    out.who = Refresh::kPrivate;
  } else if (who != "never") {
    in.refuse("refresh",
              (may_be_private ? "never, system or private, not "
                              : "never or system (no copy of its own, private, is kept here), not ") +
                  who);
  }
  out.after_s = out.who == Refresh::kPrivate ? kPrivateRefreshAfterS : kRefreshAfterS;
  readRefreshAfter(in, out);
  return out;
}

}  // namespace redflag::plugin
