#pragma once
// The plugin's settings, as its schema lets them through.

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "common/refresh_setting.h"
#include "problem.h"

namespace redflag::dnf5 {

struct Settings {
  bool expect_refresh = false;  // refresh: system
  std::int64_t refresh_after_s = plugin::kRefreshAfterS;

  // No setting: where that machine's files are of which a scan only asks whether they have changed.
  std::filesystem::path root = "/";
};

// JSON Schema of the settings; unknown keys are refused.
extern const char* const kSettingsSchema;

// `json` is valid against the schema, with or without defaults filled in.
Result<Settings> parseSettings(std::string_view json);

}  // namespace redflag::dnf5
