#pragma once
// Starting and ending child processes. The only way the agent makes one; always exec, never a bare fork.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace redflag::platform {

struct ResourceLimits {
  std::uint64_t cpu_s = 0;         // 0: not limited
  std::uint64_t memory_bytes = 0;  // its own writable memory; mapped files and shared libraries do not count
  std::uint64_t open_files = 0;
  std::uint64_t processes = 0;
  std::uint64_t file_bytes = 0;  // largest file it may write
};

struct SpawnOptions {
  std::filesystem::path program;
  std::vector<std::string> arguments;    // without argv[0]
  std::vector<std::string> environment;  // "NAME=value"; nothing is inherited
  std::filesystem::path working_directory = "/";
  // Child descriptor number -> a descriptor of ours. stdin, stdout and stderr are /dev/null unless named; all
  // else is closed.
  std::vector<std::pair<int, int>> descriptors;
  ResourceLimits limits;
  bool no_new_privileges = true;
  bool new_session = false;  // setsid(); otherwise an own process group. Either way it is a group's leader
  // Killed by the system when the thread that spawned it ends (so that thread must live as long as the
  // child). Turn off for a child that release() may let go.
  bool dies_with_parent = true;
  // What it starts and does not wait for stays below it until its own end, in whatever session: always so for
  // one that dies with its parent.
  bool keeps_descendants = false;
  std::optional<std::uint32_t> uid;  // with the gid: supplementary groups are dropped
  std::optional<std::uint32_t> gid;
};

struct ExitState {
  bool exited = false;  // by itself, with `code`; else killed by `signal`
  int code = 0;
  int signal = 0;
};

// A child that leads its own process group. Destroying it kills the group, also what its leader left behind,
// and reaps the leader; where orphans are adopted, also what left the group. One thread at a time.
class Process {
 public:
  // kIo with the step and the system's reason when the program could not be started ("exec /x: Permission
  // denied").
  static Result<Process> spawn(const SpawnOptions& options);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  std::int64_t pid() const { return pid_; }
  // Kills every process of the group at once.
  void killGroup();
  // Waits at most so long (0: only looks); nullopt when it still runs. The group stays killable afterwards.
  std::optional<ExitState> wait(std::int64_t timeout_ns);
  // Lets it go on by itself: an updater that must survive us.
  void release();

 private:
  explicit Process(std::int64_t pid) : pid_(pid) {}
  std::int64_t pid_ = -1;
  std::optional<ExitState> exit_;
};

// Goes on as another program: same process, environment and descriptors. Answers only why it could not.
Error becomeProgram(const std::filesystem::path& program, char* const* arguments);

}  // namespace redflag::platform
