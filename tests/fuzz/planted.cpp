// No parser: a fault that is there on purpose, so that it is known that faults are found (`finds`).
#include <vector>

#include "fuzz.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(planted) {
  if (!input.starts_with("LEN") || input.size() < 5) return;
  const std::vector<char> field(input.begin() + 4, input.end());
  const auto claimed = static_cast<unsigned char>(input[3]);
  const volatile char last = field.data()[claimed];  // believes a length that came from outside
  static_cast<void>(last);
}

}  // namespace redflag::fuzz
