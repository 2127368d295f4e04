#include "store/sql/value.h"

namespace redflag::store::sql {

std::optional<std::string> withoutZeroBytes(std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return std::nullopt;
  std::string out;
  for (const char c : text) {
    if (c == '\0') {
      out += "\xef\xbf\xbd";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace redflag::store::sql
