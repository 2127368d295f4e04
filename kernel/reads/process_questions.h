#pragma once
// What may be asked about other users' processes: which of them run code that is no longer on disk, and which
// programs and libraries each control group executes. Nothing of their memory, arguments or environment.

#include <string>
#include <string_view>

namespace redflag::kernel {

// In place of a socket: "http:unix:/proc" is the capability.
constexpr std::string_view kProcesses = "/proc";

bool isProcessQuestion(std::string_view target);  // exactly /outdated or /in-use

// /outdated: {"processes":[{"pid","command","control_group","files":["/usr/lib/…"]}…],"is_cut":bool,
//             "unreadable":n}; there are more processes if it is cut
// /in-use:   {"groups":[{"control_group","files":["/usr/lib/…"],"is_cut":bool}…],"is_cut":bool};
//             there are more files of a group, or more groups, if that is cut
std::string processesJson(std::string_view target);

}  // namespace redflag::kernel
