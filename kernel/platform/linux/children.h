#pragma once
// Which of our children are a Process's. Only Process uses this. Any thread.

#include <sys/types.h>

#include <mutex>

namespace redflag::platform {

// Hold it over a fork and noteChild(): a child that nobody knows yet would be taken for an orphan.
std::unique_lock<std::mutex> lockChildren();
void noteChild(const std::unique_lock<std::mutex>& held, pid_t pid);
// One that has ended. In one step: its number may be the next child's at once.
void reapChild(pid_t pid);

// Kills and reaps children that are no Process's; does nothing unless orphans are adopted.
void endOrphans();

}  // namespace redflag::platform
