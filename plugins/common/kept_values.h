#pragma once
// Values of what a scan kept for the next one. Whatever is not what was written throws a Json::exception.

#include <cstdint>

#include "base/json.h"
#include "common/problem.h"

namespace redflag::plugin {

// A number with a fraction, or of more digits than were ever kept, would not fit.
inline std::int64_t keptNumber(const Json& value) {
  return value.get_ref<const Json::number_integer_t&>();
}

// Status, code and text, from that place on.
inline Problem keptProblem(const Json& row, std::size_t at) {
  return {static_cast<rf_status>(keptNumber(row.at(at))), row.at(at + 1).get<std::string>(),
          row.at(at + 2).get<std::string>()};
}

}  // namespace redflag::plugin
