#pragma once
// What a server is told of the configuration in force, so that people see there what an agent really does.

#include <map>
#include <string>

#include "config/config.h"

namespace redflag::kernel {

// {"may_set":[patterns],"plugins":[ids],"values":[{"key","value","from","line"?}],"cut"?:true}: every value
// that a server may ever set, by its JSON pointer, but for those that a plugin inherits from the agent as a
// whole. `from`: default | plugin | yaml | server. No value is told that might be a secret: of what the owner
// wrote below a plugin's settings only what its schema (`schemas`, by id) says is a number, a yes or no, or
// one of a list. At most 300 values and 24 KiB; "cut" where that left some out.
Json settingsReport(const Config& config, const std::map<std::string, Json>& schemas);

}  // namespace redflag::kernel
