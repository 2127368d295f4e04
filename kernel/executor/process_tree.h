#pragma once
// Processes that outlive whoever started them: recognised again after a restart, and ended with all they
// started.

#include <cstdint>
#include <optional>
#include <string>

namespace redflag::kernel {

// Names one process for good: a process number alone is used again.
struct ProcessMark {
  std::int64_t pid = 0;
  std::string start;  // of boot and process

  bool operator==(const ProcessMark&) const = default;
};

// nullopt when there is no such process, or it has ended and only waits to be reaped.
std::optional<ProcessMark> markOf(std::int64_t pid);
bool isAlive(const ProcessMark& mark);
// False: the machine was restarted since, and whatever it was about was ended in between.
bool isOfThisBoot(const ProcessMark& mark);

// Kills the process and its descendants, those in sessions of their own included (dpkg on a terminal is one);
// children first, so that none is adopted away unseen. Does nothing when the mark's process is gone.
void killTree(const ProcessMark& root);

}  // namespace redflag::kernel
