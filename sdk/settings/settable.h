#pragma once
// The part of agent.yaml that a server may set, as a JSON Schema: the agent checks its file and its orders
// against these definitions, the server what people wish.

#include <string>

#include "base/json.h"

namespace redflag::settings {

// By name: duration, size, schedule, limits, breaker, log.
const Json& settingDefinitions();

// Of a document nested as in agent.yaml that holds nothing else; complete in itself, without references, so
// that a form can be drawn from it.
const Json& settableSchema();

// Whether a plugin may be called so: small letters, digits, '.', '_' and '-', at most 100 of them.
bool isPluginId(const std::string& id);

}  // namespace redflag::settings
