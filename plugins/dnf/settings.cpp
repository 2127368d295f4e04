#include "settings.h"

#include <filesystem>

#include "base/json.h"
#include "common/refresh_setting.h"

namespace redflag::dnf {

const char* const kSettingsSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "refresh": {
      "type": "string",
      "enum": ["never", "system", "private"],
      "default": "never",
      "title": "Who refreshes the repositories' metadata",
      "description": "never: the metadata is read as it is and its age is shown. system: the machine's own timer (dnf-makecache) is expected to refresh it; a repository whose metadata is older than refresh_after does not count as completely known. private: the scanner keeps a copy of its own in cache_dir and fetches it, without root; that opens the network to it, so only agent.yaml itself can say so."
    },
    "refresh_after": {
      "type": "string",
      "pattern": "^[1-9][0-9]{0,3}[mhd]$",
      "title": "How old metadata may be",
      "description": "With refresh: system, 2d unless set; with refresh: private, 6h."
    },
    "cache_dir": {
      "type": "string",
      "pattern": "^(/.*)?$",
      "maxLength": 4096,
      "default": "",
      "title": "Folder of this plugin's own copy of the metadata, with refresh: private",
      "description": "Must belong to the user that scans and be writable by nobody else. Empty: /var/cache/redflag/dnf, or .cache/redflag/dnf in that user's home."
    },
    "root": {
      "type": "string",
      "pattern": "^/",
      "maxLength": 4096,
      "default": "/",
      "title": "Root directory of the system to look at",
      "description": "Its own dnf.conf, repositories, metadata and rpm database are read; updates of another one than / are installed with dnf's --installroot."
    }
  }
})";

namespace {

std::string withoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

}  // namespace

Result<Settings> parseSettings(std::string_view json) {
  const auto parsed = parseJson(json.empty() ? "{}" : json);
  if (!parsed) return fail(RF_INVALID, "dnf.bad_settings", parsed.error().text);
  JsonReader in(*parsed, "settings");
  const auto refresh = plugin::readRefreshSetting(in, true);
  Settings settings;
  settings.cache_dir = in.optionalText("cache_dir", 4096);
  settings.root = withoutTrailingSlashes(in.optionalText("root", 4096, "/"));
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, "dnf.bad_settings", end.error().text);
  settings.refresh = refresh.who;
  settings.refresh_after_s = refresh.after_s;
  std::error_code error;
  if (!std::filesystem::is_directory(settings.root, error))
    return fail(RF_MISCONFIGURED, "dnf.no_root", settings.root + " is not a readable directory");
  return settings;
}

}  // namespace redflag::dnf
