#pragma once
// The program's log: one line an event, on stderr, where a service manager or a person reads it.

#include <string>
#include <vector>

namespace redflag::kernel {

// `level`: "debug", "info", "warning" or "error". `to`: "journal" puts the journal's own priority in front of
// each line when stderr leads there; otherwise, and for "stderr", each line begins with the time.
void startLog(const std::string& level, const std::string& to);
// The newest lines since startLog(), oldest of them first; it keeps a thousand. Threads: any.
std::vector<std::string> recentLog(std::size_t lines);
void setLogLevel(const std::string& level);

}  // namespace redflag::kernel
