#pragma once
// What the executor tells the kernel, as JSON. README.md has the table.

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "executor/journal.h"
#include "protocol/refused.h"

namespace redflag::kernel {

// To everybody attached. From any thread; must not block.
using EventSink = std::function<void(const Json& event)>;

// accepted, running or result: where the order stands.
Json stateEvent(const JournalEntry& entry);
Json refusedEvent(const std::string& command_id, const protocol::Refused& why, std::int64_t now_ns);
// `full`: as many orders wait as it takes.
Json errorEvent(const std::string& text, std::int64_t now_ns, bool full = false);
// `percent` -1: nobody knows.
Json progressEvent(const std::string& command_id, int percent, const std::string& text, std::int64_t now_ns);
Json logEvent(const std::string& command_id, const std::vector<std::string>& lines, std::int64_t now_ns);

}  // namespace redflag::kernel
