#pragma once
// One updater operation in a redflag-host. The host writes its frames to a file and reads its orders from a
// FIFO, both in the order's own folder: so an install outlives the executor, and the next executor finds it
// again.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "executor/process_tree.h"
#include "host/frame.h"
#include "host/linux/descriptor.h"
#include "host/load.h"
#include "platform/orphans.h"
#include "platform/process.h"
#include "platform/run_group.h"
#include "platform/user.h"
#include "reads/read_desk.h"

namespace redflag::kernel {

struct HostPlace {
  std::filesystem::path folder;  // exists, root's alone
  std::string operation;         // also the files' name: plan.frames, plan.control
};

struct HostIdentity {
  std::filesystem::path program;  // redflag-host
  // As root, in a session of its own, not ended with the executor. Otherwise as a user without rights (if we
  // are root), limited, and ended with the executor.
  bool privileged = false;
  platform::ResourceLimits limits;
  // What is read for it by the executor; the privileged one reads for itself.
  std::vector<std::string> capabilities = {};
  // Of a privileged one that starts no services: kill() ends what it started also where that left its session
  // and its parent.
  bool keeps_descendants = false;
  // Where a sealed one's group is made, so that the next executor finds what it started; null: nowhere.
  const platform::RunGroups* groups = nullptr;
};

// Planning needs no rights: the scanners' user where there is one, else nobody; nullopt where neither exists.
std::optional<platform::User> planUser();

class HostRun {
 public:
  // Starts a host that waits for begin(). What an earlier run of this operation left in the folder is
  // replaced.
  static Result<HostRun> spawn(const HostPlace& place, const HostIdentity& identity);
  // Takes up a run of an earlier executor, alive or ended; reads its frames from the first one.
  static Result<HostRun> attach(const HostPlace& place, const ProcessMark& mark);
  // Ends a host that was spawned, but never told to begin, by an executor that died before it could note the
  // mark.
  static void dismissWaiting(const HostPlace& place);

  HostRun(HostRun&&) noexcept = default;
  HostRun& operator=(HostRun&&) noexcept = default;

  const ProcessMark& mark() const { return mark_; }
  Result<> begin(const host::Load& load, const Json& start);
  // Asks it to stop between two packages. Safe to call again.
  void cancel();
  // Ends it and everything that it started and is still below it, now.
  void kill();
  // A privileged one, and what it started, goes on when this object goes: the next executor takes it up, and
  // services stay. A sealed one is ended with everything that it started, also what left its session or
  // outlived it: that may change nothing, and so leaves nothing.
  void release();

  // Waits for its end at most so long, then answers the frames written since the last call, a few megabytes
  // of them at a time. kInvalid: it does not speak the protocol; nothing more can be read.
  Result<std::vector<host::Frame>> step(std::int64_t timeout_ns);
  // True when the process has ended and its last frame was read.
  bool ended() const { return ended_; }
  // More was written than step() has answered so far.
  bool behind() const { return behind_; }

 private:
  HostRun(ProcessMark mark, host::Descriptor frames, host::Descriptor control)
      : mark_(std::move(mark)), frames_(std::move(frames)), control_(std::move(control)) {}
  bool waitForEnd(std::int64_t timeout_ns);
  Result<bool> readNew(std::vector<host::Frame>& out);
  Result<> writeControl(std::string_view bytes);

  ProcessMark mark_;
  std::unique_ptr<platform::OrphanAdoption> adoption_;  // of a sealed one; ends last
  std::unique_ptr<ReadDesk> desk_;                      // ends after the process
  std::optional<platform::Process> process_;            // none when it is not our child
  platform::RunGroup group_;                            // of a sealed one; ends before the process
  host::Descriptor frames_;
  host::Descriptor control_;
  host::FrameDecoder decoder_;
  bool cancelled_ = false;
  bool ended_ = false;
  bool behind_ = false;
};

}  // namespace redflag::kernel
