#pragma once
// What may be asked about other users' processes: which of them run code that is no longer on disk. Nothing
// of their memory, arguments or environment.

#include <string>
#include <string_view>

namespace redflag::kernel {

// In place of a socket: "http:unix:/proc" is the capability.
constexpr std::string_view kProcesses = "/proc";

bool isProcessQuestion(std::string_view target);  // exactly /outdated

// {"processes":[{"pid","command","control_group","files":["/usr/lib/…"]}…],"unreadable":n}
std::string outdatedProcessesJson();

}  // namespace redflag::kernel
