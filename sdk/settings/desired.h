#pragma once
// Settings that people wish for agents, checked before any agent is asked.

#include <optional>

#include "settings/schema.h"
#include "settings/server_settings.h"

namespace redflag::settings {

constexpr std::size_t kMaxDesiredBytes = 32U << 10U;  // of the document as text

// The first thing that no agent would take: where it is in the document, and what was expected. What only a
// plugin knows of its own settings, only an agent that has it can say.
std::optional<SchemaProblem> problemOfDesired(const Json& settings);

// The document that holds these values; the reverse of serverSettingsOf().
Json nested(const std::vector<ServerSetting>& settings);

}  // namespace redflag::settings
