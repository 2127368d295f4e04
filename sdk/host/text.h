#pragma once

#include <string_view>

#include "redflag/abi.h"

namespace redflag::host {

inline std::string_view viewOf(rf_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline rf_str rfStr(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace redflag::host
