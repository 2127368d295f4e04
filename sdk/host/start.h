#pragma once
// What the starter asks for: the kStart frame, checked.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "host/manifest.h"
#include "redflag/abi.h"

namespace redflag::host {

struct Start {
  std::filesystem::path library;
  std::string operation;
  std::string interface_id;
  std::string settings = "{}";  // JSON text
  std::string request = "{}";   // JSON text
  rf_purpose purpose = RF_PURPOSE_UPDATES;
  std::int64_t deadline_ns = 0;  // monotonic
  std::uint64_t max_records = 100'000;
  std::vector<std::string> capabilities;
  std::vector<std::string> requires_libraries;
  std::optional<Manifest> expected;  // what the library has to be; without it: not checked
};

Result<Start> decodeStart(std::string_view json);

}  // namespace redflag::host
