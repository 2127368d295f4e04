#pragma once
// Machines that a test makes up: what they say of themselves.

#include <string>
#include <utility>
#include <vector>

#include "identity/fingerprint.h"

namespace redflag::kernel::test {

using Parts = std::vector<std::pair<std::string, std::string>>;  // source and value

inline MarkReader machineOf(const Parts& parts) {
  return [parts](const std::string& salt) -> Result<std::vector<Mark>> {
    std::vector<platform::MachineMark> found;
    for (const auto& [source, value] : parts)
      found.push_back({source, {value}});
    return marksOf(found, salt);
  };
}

}  // namespace redflag::kernel::test
