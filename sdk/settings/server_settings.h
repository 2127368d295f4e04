#pragma once
// What the server may set of an agent's configuration. The owner says so in `policy.server_may_set`; never
// more than when things run and what they may use: nothing that decides what may be changed on the machine,
// by whom, or what a plugin may touch. What the owner wrote himself stays as it is.

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::settings {

// A pattern is a dotted key: "schedule", "plugins.*.settings.refresh", "plugins.apt.every". It reaches
// everything below it; '*' is one plugin's id, any of them. "" when it is one; otherwise what was expected.
std::string patternProblem(const std::string& pattern);

// Whether there is a pattern at all that reaches this key.
bool mayEverBeSet(const Json::json_pointer& key);

bool serverMaySet(const std::vector<std::string>& patterns, const Json::json_pointer& key);

// Every value below `settings` that is no object, with its place; an empty object is none. kLimit: more than
// a hundred, or deeper than eight.
struct ServerSetting {
  Json::json_pointer key;
  Json value;  // null: taken back
};
Result<std::vector<ServerSetting>> serverSettingsOf(const Json& settings);

// Puts the value at its place in `into`, an object, making objects on the way, also of null: a name of digits
// is a name like any other, never a place in a list. False, and nothing changed, where any other value stands
// on the way.
bool place(const ServerSetting& setting, Json& into);

// The id in "/plugins/ID/…"; "" elsewhere.
std::string pluginOf(const Json::json_pointer& key);
std::string dottedKey(const Json::json_pointer& key);  // "schedule.every"

}  // namespace redflag::settings
