#pragma once
// What the starter asks for: the kStart frame, checked.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "redflag/abi.h"

namespace redflag::host {

struct Start {
  std::string operation;
  std::string interface_id;
  std::string settings = "{}";  // JSON text
  std::string request = "{}";   // JSON text
  rf_purpose purpose = RF_PURPOSE_UPDATES;
  std::int64_t deadline_ns = 0;  // monotonic
  std::uint64_t max_records = 100'000;
};

Result<Start> decodeStart(std::string_view json);

}  // namespace redflag::host
