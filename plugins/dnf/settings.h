#pragma once
// The plugin's settings, as its schema lets them through.

#include <cstdint>
#include <string>
#include <string_view>

#include "common/refresh_setting.h"
#include "problem.h"

namespace redflag::dnf {

struct Settings {
  std::string root = "/";  // the system to look at: "/" or another root directory
  std::string cache_dir;   // "": the usual places, see common/own_folder.h
  plugin::Refresh refresh = plugin::Refresh::kNever;
  std::int64_t refresh_after_s = plugin::kRefreshAfterS;

  // No setting: where the metadata lies that is read; "": where dnf keeps it. See own_metadata.h.
  std::string metadata_dir;

  // A path of that system as this process reaches it.
  std::string inRoot(const std::string& path) const { return root == "/" ? path : root + path; }
};

// JSON Schema of the settings; unknown keys are refused.
extern const char* const kSettingsSchema;

// `json` is valid against the schema, with or without defaults filled in.
Result<Settings> parseSettings(std::string_view json);

}  // namespace redflag::dnf
