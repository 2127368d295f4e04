// What a plugin puts into rows: whatever the host lets through, the server takes.
#include "host/row.h"

#include <cstring>

#include "base/json.h"
#include "fuzz.h"
#include "protocol/record_check.h"

namespace redflag::fuzz {

// Parts: the kind, then fields as "Tname=value", "I…", "R…", "N…" (a time).
REDFLAG_FUZZ(row) {
  host::Row row;
  bool first = true;
  for (const auto part : parts(input, 64)) {
    if (std::exchange(first, false)) {
      if (!row.begin(part)) return;
      continue;
    }
    const auto equals = part.find('=');
    if (part.empty() || equals == std::string_view::npos || equals == 0) continue;
    const auto field = part.substr(1, equals - 1);
    const auto value = part.substr(equals + 1);
    std::int64_t number = 0;
    std::memcpy(&number, value.data(), std::min(value.size(), sizeof number));
    double real = 0;
    std::memcpy(&real, &number, sizeof real);
    if (part[0] == 'I') {
      static_cast<void>(row.putInt(field, number));
    } else if (part[0] == 'R') {
      static_cast<void>(row.putReal(field, real));
    } else if (part[0] == 'N') {
      static_cast<void>(row.putTime(field, number));
    } else {
      static_cast<void>(row.putText(field, value));
    }
  }
  const auto text = row.finish("plugin");
  if (!text) return;
  const auto json = parseJson(*text);
  claim(json.has_value(), "a row is JSON");
  claim(protocol::checkRecord(*json, "row").has_value(), "the server takes what the host lets through");
}

}  // namespace redflag::fuzz
