#include "supervisor/host_starter.h"

#include "base/time.h"
#include "host/frame.h"
#include "host/load.h"
#include "platform/files.h"
#include "reads/read_desk.h"

namespace redflag::kernel {
namespace {

constexpr std::uint64_t kOpenFiles = 256;
// A bound for fork bombs, not a budget. Of a user of the hosts' own; else of the whole user that we are.
constexpr std::uint64_t kProcesses = 512;
constexpr std::uint64_t kProcessesOfOurUser = 4096;
constexpr std::uint64_t kFileBytes = 512ULL << 20U;
constexpr std::int64_t kPatienceNs = 10 * kSecondNs;

class OwnChild : public StartedHost {
 public:
  OwnChild(std::unique_ptr<ReadDesk> desk, platform::DuplexPipe pipe, platform::Process process)
      : desk_(std::move(desk)), pipe_(std::move(pipe)), process_(std::move(process)) {}
  platform::DuplexPipe& pipe() override { return pipe_; }
  void kill() override { process_.killGroup(); }
  Result<std::optional<platform::ExitState>> wait(std::int64_t timeout_ns) override {
    return process_.wait(timeout_ns);
  }

 private:
  std::unique_ptr<ReadDesk> desk_;  // ends after the process
  platform::DuplexPipe pipe_;
  platform::Process process_;
};

}  // namespace

platform::SpawnOptions scannerHost(const std::filesystem::path& host, const RunLimits& limits,
                                   const std::optional<platform::User>& user) {
  platform::SpawnOptions options;
  options.program = host;
  // A block of megabytes, such as a package manager's tables, is touched in far fewer steps in huge pages.
  options.environment = {"LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                         "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"};
  options.new_session = true;  // whose leader cannot leave its group
  options.limits.cpu_s = static_cast<std::uint64_t>((limits.cpu_ns + kSecondNs - 1) / kSecondNs);
  options.limits.memory_bytes = limits.memory_bytes;
  options.limits.open_files = kOpenFiles;
  options.limits.processes = user ? kProcesses : kProcessesOfOurUser;
  options.limits.file_bytes = kFileBytes;
  if (user) {
    options.uid = user->uid;
    options.gid = user->gid;
  }
  return options;
}

Result<std::unique_ptr<StartedHost>> DirectStarter::start(const RunRequest& request) const {
  // Without one a plugin that needs none still runs, and another one says what it lacks.
  if (!scratch_.empty()) static_cast<void>(platform::makeFolderOf(scratch_, user_));
  auto pipe = platform::DuplexPipe::create();
  if (!pipe) return tl::unexpected<Error>(pipe.error());
  auto options = scannerHost(host_, request.limits, user_);
  options.descriptors = {{host::kInputFd, pipe->childEnd()}, {host::kOutputFd, pipe->childEnd()}};
  auto desk = ReadDesk::open(request.capabilities);
  if (!desk) return tl::unexpected<Error>(desk.error());
  if (*desk) (*desk)->giveTo(options);
  auto process = platform::Process::spawn(options);
  if (!process) return tl::unexpected<Error>(process.error());
  pipe->closeChildEnd();
  if (auto begun = *desk ? (*desk)->begin() : Result<>(); !begun) return tl::unexpected<Error>(begun.error());
  const auto load = host::loadOf(request.manifest, request.capabilities, request.seal, scratch_);
  // One that is gone already has said why, or is found to have crashed.
  static_cast<void>(
      pipe->writeAll(host::encodeFrame(host::FrameType::kLoad, host::encodeLoad(load)), kPatienceNs));
  return std::make_unique<OwnChild>(std::move(*desk), std::move(*pipe), std::move(*process));
}

}  // namespace redflag::kernel
