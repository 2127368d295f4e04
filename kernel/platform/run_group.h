#pragma once
// All processes of one run as one thing that is ended in one step, also while they make new ones: on Linux a
// control group. What starts them sees every one of them in it, whatever session or parent they chose.
// Source: cgroups(7), kernel documentation "Control Group v2" (cgroup.kill, since Linux 5.14).

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace redflag::platform {

class RunGroup {
 public:
  RunGroup() = default;  // of nothing
  RunGroup(RunGroup&& other) noexcept;
  RunGroup& operator=(RunGroup&& other) noexcept;
  RunGroup(const RunGroup&) = delete;
  RunGroup& operator=(const RunGroup&) = delete;
  ~RunGroup();  // kills what is in it, and removes it

  // Takes in a process that has not started another one yet.
  Result<> add(std::int64_t pid);
  void kill();

 private:
  friend class RunGroups;
  explicit RunGroup(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

// Where groups can be made: a part of the system's tree that was given to this process to divide (systemd's
// Delegate=yes), or the whole tree where nobody manages it. Threads: any.
class RunGroups {
 public:
  // kUnsupported, with the reason: this system offers none to us. `owner`: a folder that nobody else uses;
  // what a process that was killed left in groups of the same owner is ended. The folder of these groups
  // stays, empty, where the right to remove it was given up.
  static Result<RunGroups> open(const std::filesystem::path& owner);
  RunGroups(RunGroups&& other) noexcept;
  RunGroups& operator=(RunGroups&&) = delete;
  ~RunGroups();

  Result<RunGroup> make() const;

 private:
  explicit RunGroups(std::filesystem::path folder) : folder_(std::move(folder)) {}
  void endRemains() const;
  std::filesystem::path folder_;
};

}  // namespace redflag::platform
