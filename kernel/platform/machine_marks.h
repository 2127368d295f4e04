#pragma once
// What tells this machine from others: numbers of its parts and of its installation, as the system tells
// them, junk included. Where they come from differs between systems; what they are worth is judged in
// identity/.

#include <filesystem>
#include <string>
#include <vector>

namespace redflag::platform {

struct MachineMark {
  std::string source;               // machine-id product-uuid board-serial system-serial disks nics
  std::vector<std::string> values;  // several of disks and nics, in no order
};

// What this process's user may read: some of it is root's. A source of which there is nothing is left out.
// Disks and network interfaces are those that stay: none that is removable, on USB, or made by software; of
// an interface its permanent address. `root`: where the system's files are.
std::vector<MachineMark> machineMarks(const std::filesystem::path& root = "/");

}  // namespace redflag::platform
