#include "store/sql/script.h"

#include <algorithm>

namespace redflag::store::sql {

std::string placeIn(std::string_view script, std::string_view part) {
  std::size_t skip = 0;
  for (;;) {
    skip = std::min(part.find_first_not_of(" \t\r\n", skip), part.size());
    if (part.substr(skip, 2) != "--") break;
    skip = std::min(part.find('\n', skip), part.size());
  }
  const auto before = static_cast<std::size_t>(part.data() - script.data()) + skip;
  const auto lines = std::count(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(before), '\n');
  return "line " + std::to_string(lines + 1) + ": ";
}

}  // namespace redflag::store::sql
