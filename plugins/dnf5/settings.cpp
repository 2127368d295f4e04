#include "settings.h"

#include "base/json.h"

namespace redflag::dnf5 {

const char* const kSettingsSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "refresh": {
      "type": "string",
      "enum": ["never", "system"],
      "default": "never",
      "title": "Who refreshes the repositories' metadata",
      "description": "never: the metadata is read as it is and its age is shown. system: the machine's own timer (dnf5-makecache) is expected to refresh it; a repository whose metadata is older than refresh_after does not count as completely known. There is no private: dnf5 is asked for what the machine has fetched, and the action dnf5/refresh fetches it."
    },
    "refresh_after": {
      "type": "string",
      "pattern": "^[1-9][0-9]{0,3}[mhd]$",
      "default": "2d",
      "title": "How old metadata may be with refresh: system"
    }
  }
})";

Result<Settings> parseSettings(std::string_view json) {
  const auto parsed = parseJson(json.empty() ? "{}" : json);
  if (!parsed) return fail(RF_INVALID, "dnf5.bad_settings", parsed.error().text);
  JsonReader in(*parsed, "settings");
  const auto refresh = plugin::readRefreshSetting(in, false);
  if (const auto end = in.finish(); !end) return fail(RF_INVALID, "dnf5.bad_settings", end.error().text);
  return Settings{refresh.who == plugin::Refresh::kSystem, refresh.after_s};
}

}  // namespace redflag::dnf5
