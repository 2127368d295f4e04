#pragma once
// The part of an agent's status that tells its settings.

#include <string>

#include "base/json.h"

namespace redflag::services {

// As ToldSettings reads it; "" where there is none: older agents do not tell. What is wrong is the reader's
// error.
std::string readToldSettings(JsonReader& in);

}  // namespace redflag::services
