#pragma once
// Who starts the processes that plugins run in: we ourselves, or the broker under a user of their own.

#include <filesystem>
#include <memory>
#include <optional>

#include "base/result.h"
#include "platform/duplex_pipe.h"
#include "platform/process.h"
#include "platform/user.h"
#include "supervisor/run.h"

namespace redflag::kernel {

// Whom hosts run as, where they are not the kernel's own user.
constexpr const char* kScanUser = "redflag-scan";

// That user's temporary files; on a disk, because in /run they would fill memory.
constexpr const char* kScanScratch = "/var/lib/redflag-scan/scratch";

// Temporary files of runs.
constexpr const char* kScratchFolder = "scratch";

// A redflag-host that was told what it may load, and waits for its start. Destroying it kills its group and
// reaps it. One thread at a time.
class StartedHost {
 public:
  virtual ~StartedHost() = default;
  virtual platform::DuplexPipe& pipe() = 0;
  virtual void kill() = 0;
  // Waits at most so long; nullopt when it still runs. kUnavailable: nobody can tell any more.
  virtual Result<std::optional<platform::ExitState>> wait(std::int64_t timeout_ns) = 0;
};

class HostStarter {
 public:
  virtual ~HostStarter() = default;
  // Threads: any. An error is ours, never the plugin's: no host program, no processes left, no broker.
  virtual Result<std::unique_ptr<StartedHost>> start(const RunRequest& request) const = 0;
  // True when hosts run as another user than the kernel.
  virtual bool ownUser() const = 0;
};

class DirectStarter : public HostStarter {
 public:
  // `host`: the redflag-host program. `scratch`: for temporary files, made when it is missing; "": none.
  // `user`: whom hosts run as, if not as we do; only root may say that.
  explicit DirectStarter(std::filesystem::path host, std::filesystem::path scratch = {},
                         std::optional<platform::User> user = std::nullopt)
      : host_(std::move(host)), scratch_(std::move(scratch)), user_(std::move(user)) {}
  Result<std::unique_ptr<StartedHost>> start(const RunRequest& request) const override;
  bool ownUser() const override { return user_.has_value(); }

 private:
  std::filesystem::path host_;
  std::filesystem::path scratch_;
  std::optional<platform::User> user_;
};

// How a scanner's host is started, whoever does it.
platform::SpawnOptions scannerHost(const std::filesystem::path& host, const RunLimits& limits,
                                   const std::optional<platform::User>& user);

}  // namespace redflag::kernel
