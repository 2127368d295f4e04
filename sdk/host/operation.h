#pragma once
// The calls into a plugin object: which table, which function, which arguments.

#include <string>

#include "base/result.h"
#include "host/channel.h"
#include "host/start.h"
#include "redflag/abi.h"

namespace redflag::host {

// True for operations that must survive whoever started them.
bool changesTheMachine(const Start& start);
// True if rows and scopes are expected.
bool scans(const Start& start);

// Looks the function up and calls it. A JSON document it writes goes out as kResult. kUnsupported: no such
// interface, or no such operation in it; kInvalid: a table that is too small or has a hole; kLimit: a result
// over kMaxResultBytes; of an operation that changes the machine it is only reported as kResultTooLong, and
// the operation's own status counts.
Result<rf_status> perform(rf_plugin* plugin, const rf_run* run, const Start& start, Channel& channel);

}  // namespace redflag::host
