#include "supervisor/supervisor.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/time.h"
#include "platform/duplex_pipe.h"
#include "platform/process.h"
#include "supervisor/transcript.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kHelloTimeoutNs = 10 * kSecondNs;
constexpr std::int64_t kTickNs = kSecondNs / 10;  // how soon a cancel from another thread is seen
constexpr std::uint64_t kOpenFiles = 256;
constexpr std::uint64_t kProcesses = 4096;  // of the whole user: a bound for fork bombs, not a budget
constexpr std::uint64_t kFileBytes = 2ULL << 30U;

platform::SpawnOptions spawnOptions(const std::filesystem::path& host, const RunRequest& request,
                                    int child_end) {
  platform::SpawnOptions options;
  options.program = host;
  // A block of megabytes, such as a package manager's tables, is touched in far fewer steps in huge pages.
  options.environment = {"LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                         "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"};
  options.descriptors = {{host::kInputFd, child_end}, {host::kOutputFd, child_end}};
  options.limits.cpu_s = static_cast<std::uint64_t>((request.limits.cpu_ns + kSecondNs - 1) / kSecondNs);
  options.limits.memory_bytes = request.limits.memory_bytes;
  options.limits.open_files = kOpenFiles;
  options.limits.processes = kProcesses;
  options.limits.file_bytes = kFileBytes;
  return options;
}

std::string openingOf(const RunRequest& request) {
  std::string out;
  for (const auto& [key, value] : request.state) {
    out += host::encodeFrame(host::FrameType::kStateIn, host::encodeState(key, value));
  }
  const Json start = {{"library", request.manifest.library.string()},
                      {"operation", request.operation},
                      {"interface", request.interface_id},
                      {"settings", request.settings},
                      {"request", request.request},
                      {"purpose", request.purpose},
                      {"deadline_ms", request.limits.time_ns / kMillisecondNs},
                      {"max_records", request.limits.records},
                      {"capabilities", request.capabilities},
                      {"requires", request.manifest.requires_libraries},
                      {"expect", host::toJson(request.manifest)}};
  return out + host::encodeFrame(host::FrameType::kStart, dumpJson(start));
}

// One host process from its start to its end.
class HostRun {
 public:
  HostRun(const RunRequest& request, std::int64_t grace_ns, platform::DuplexPipe pipe,
          platform::Process process)
      : request_(request),
        grace_ns_(grace_ns),
        pipe_(std::move(pipe)),
        process_(std::move(process)),
        transcript_(request),
        started_(monotonicNow()),
        deadline_(started_ + request.limits.time_ns),
        unsent_(openingOf(request)) {}

  RunOutcome run() {
    while (!transcript_.done() && !ended_) {
      if (auto stopped = checkTime()) return std::move(*stopped);
      if (auto failed = exchange()) return std::move(*failed);
    }
    if (transcript_.done()) return transcript_.finish();
    return unexpectedEnd();
  }

 private:
  std::int64_t nextEvent() const {
    if (kill_at_ > 0) return kill_at_;
    return transcript_.greeted() ? deadline_ : std::min(deadline_, started_ + kHelloTimeoutNs);
  }

  // Asks it to stop, once; two seconds later the whole group is killed by ~Process.
  void cancel(std::int64_t now) {
    kill_at_ = now + grace_ns_;
    unsent_ += host::encodeFrame(host::FrameType::kCancel, "{}");
  }

  std::optional<RunOutcome> checkTime() {
    const std::int64_t now = monotonicNow();
    const bool asked = request_.cancelled != nullptr && request_.cancelled->load();
    if (asked && !asked_) {
      asked_ = true;
      if (kill_at_ == 0) cancel(now);
    }
    if (now < nextEvent()) return std::nullopt;
    if (kill_at_ > 0) {
      process_.killGroup();
      if (asked_)
        return transcript_.finishWithout("cancelled", RunClass::kNeutral, "run.cancelled",
                                         "the run was stopped");
      return transcript_.finishWithout("hang", RunClass::kHang, "run.hang",
                                       "the plugin did not end within its time limit and was killed");
    }
    if (!transcript_.greeted()) {
      process_.killGroup();
      return transcript_.finishWithout("hang", RunClass::kHang, "run.no_hello",
                                       "the plugin was not loaded within ten seconds and was killed");
    }
    cancel(now);
    return std::nullopt;
  }

  std::optional<RunOutcome> exchange() {
    const std::int64_t wait = std::min(nextEvent() - monotonicNow(), kTickNs);
    const auto ready = pipe_.wait(sent_ < unsent_.size(), wait);
    if (!ready) return ioFailed(ready.error());
    if (ready->writable) {
      // An error here is the other end gone: reading tells what it said last.
      const auto taken = pipe_.write(std::string_view(unsent_).substr(sent_));
      sent_ = taken ? sent_ + *taken : unsent_.size();
    }
    if (!ready->readable) return std::nullopt;
    const auto got = pipe_.read(chunk_.data(), chunk_.size());
    if (!got) return ioFailed(got.error());
    if (!*got) return std::nullopt;
    ended_ = **got == 0;
    const auto fed = transcript_.feed({chunk_.data(), **got});
    if (fed) return std::nullopt;
    process_.killGroup();
    if (fed.error().code == Code::kLimit) {
      return transcript_.finishWithout("limit", RunClass::kBrokenContract, "run.limit", fed.error().text);
    }
    return transcript_.finishWithout("broken_contract", RunClass::kBrokenContract, "run.broken_contract",
                                     "the host's output is malformed: " + fed.error().text);
  }

  RunOutcome ioFailed(const Error& error) {
    process_.killGroup();
    return transcript_.finishWithout("internal", RunClass::kNeutral, "run.io", error.text);
  }

  // The stream ended without a last word.
  RunOutcome unexpectedEnd() {
    const auto state = process_.wait(kStopGraceNs);
    if (!state || (state->exited && state->code == 0)) {
      return transcript_.finishWithout("broken_contract", RunClass::kBrokenContract, "run.no_result",
                                       "the plugin closed its output without a last word");
    }
    if (state->exited) {
      return transcript_.finishWithout(
          "crash", RunClass::kCrash, "run.crash",
          "the plugin ended its process with exit code " + std::to_string(state->code));
    }
    if (state->signal == SIGXCPU) {
      return transcript_.finishWithout("limit", RunClass::kBrokenContract, "run.cpu_limit",
                                       "the plugin used up its processor time");
    }
    return transcript_.finishWithout("crash", RunClass::kCrash, "run.crash",
                                     "the plugin was ended by signal " + std::to_string(state->signal) +
                                         " (" + ::strsignal(state->signal) + ")");
  }

  const RunRequest& request_;
  const std::int64_t grace_ns_;
  platform::DuplexPipe pipe_;
  platform::Process process_;
  Transcript transcript_;
  const std::int64_t started_;
  const std::int64_t deadline_;
  std::string unsent_;
  std::size_t sent_ = 0;
  std::int64_t kill_at_ = 0;
  bool asked_ = false;
  bool ended_ = false;
  std::array<char, 65536> chunk_{};
};

Result<RunOutcome> start(const std::filesystem::path& host, std::int64_t grace_ns,
                         const RunRequest& request) {
  auto pipe = platform::DuplexPipe::create();
  if (!pipe) return tl::unexpected<Error>(pipe.error());
  auto process = platform::Process::spawn(spawnOptions(host, request, pipe->childEnd()));
  if (!process) return tl::unexpected<Error>(process.error());
  pipe->closeChildEnd();
  return HostRun(request, grace_ns, std::move(*pipe), std::move(*process)).run();
}

}  // namespace

RunOutcome Supervisor::run(const RunRequest& request) const {
  const std::int64_t at = epochNow();
  const std::int64_t began = monotonicNow();
  auto outcome = start(host_, grace_ns_, request);
  if (!outcome) {
    // Ours, not the plugin's: no memory, no processes left, no host program.
    outcome = Transcript(request).finishWithout("transient", RunClass::kNeutral, "run.not_started",
                                                outcome.error().text);
  }
  outcome->started_at = at;
  outcome->duration_ns = monotonicNow() - began;
  return std::move(*outcome);
}

}  // namespace redflag::kernel
