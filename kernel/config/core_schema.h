#pragma once
// What may stand in agent.yaml, and what holds where nothing stands.

#include "base/json.h"

namespace redflag::kernel {

// JSON Schema of the whole file; plugin settings are any map here.
const Json& coreSchema();
// Every value the file may leave out.
const Json& coreDefaults();

}  // namespace redflag::kernel
