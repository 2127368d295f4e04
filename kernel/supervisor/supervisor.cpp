#include "supervisor/supervisor.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/time.h"
#include "supervisor/transcript.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kHelloTimeoutNs = 10 * kSecondNs;
constexpr std::int64_t kTickNs = kSecondNs / 10;  // how soon a cancel from another thread is seen

std::string openingOf(const RunRequest& request) {
  std::string out;
  for (const auto& [key, value] : request.state) {
    out += host::encodeFrame(host::FrameType::kStateIn, host::encodeState(key, value));
  }
  const Json start = {
      {"operation", request.operation},       {"interface", request.interface_id},
      {"settings", request.settings},         {"request", request.request},
      {"purpose", request.purpose},           {"deadline_ms", request.limits.time_ns / kMillisecondNs},
      {"max_records", request.limits.records}};
  return out + host::encodeFrame(host::FrameType::kStart, dumpJson(start));
}

// One host process from its start to its end.
class HostRun {
 public:
  HostRun(const RunRequest& request, std::int64_t grace_ns, StartedHost& host)
      : request_(request),
        grace_ns_(grace_ns),
        host_(host),
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

  // Asks it to stop, once; two seconds later the whole group is killed by ~StartedHost.
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
      host_.kill();
      if (asked_)
        return transcript_.finishWithout("cancelled", RunClass::kNeutral, "run.cancelled",
                                         "the run was stopped");
      return transcript_.finishWithout("hang", RunClass::kHang, "run.hang",
                                       "the plugin did not end within its time limit and was killed");
    }
    if (!transcript_.greeted()) {
      host_.kill();
      return transcript_.finishWithout("hang", RunClass::kHang, "run.no_hello",
                                       "the plugin was not loaded within ten seconds and was killed");
    }
    cancel(now);
    return std::nullopt;
  }

  std::optional<RunOutcome> exchange() {
    const std::int64_t wait = std::min(nextEvent() - monotonicNow(), kTickNs);
    const auto ready = host_.pipe().wait(sent_ < unsent_.size(), wait);
    if (!ready) return ioFailed(ready.error());
    if (ready->writable) {
      // An error here is the other end gone: reading tells what it said last.
      const auto taken = host_.pipe().write(std::string_view(unsent_).substr(sent_));
      sent_ = taken ? sent_ + *taken : unsent_.size();
    }
    if (!ready->readable) return std::nullopt;
    const auto got = host_.pipe().read(chunk_.data(), chunk_.size());
    if (!got) return ioFailed(got.error());
    if (!*got) return std::nullopt;
    ended_ = **got == 0;
    const auto fed = transcript_.feed({chunk_.data(), **got});
    if (fed) return std::nullopt;
    host_.kill();
    if (fed.error().code == Code::kLimit) {
      return transcript_.finishWithout("limit", RunClass::kBrokenContract, "run.limit", fed.error().text);
    }
    return transcript_.finishWithout("broken_contract", RunClass::kBrokenContract, "run.broken_contract",
                                     "the host's output is malformed: " + fed.error().text);
  }

  RunOutcome ioFailed(const Error& error) {
    host_.kill();
    return transcript_.finishWithout("internal", RunClass::kNeutral, "run.io", error.text);
  }

  // The stream ended without a last word.
  RunOutcome unexpectedEnd() {
    const auto waited = host_.wait(kStopGraceNs);
    if (!waited) {
      return transcript_.finishWithout("transient", RunClass::kNeutral, "run.lost", waited.error().text);
    }
    const auto& state = *waited;
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
  StartedHost& host_;
  Transcript transcript_;
  const std::int64_t started_;
  const std::int64_t deadline_;
  std::string unsent_;
  std::size_t sent_ = 0;
  std::int64_t kill_at_ = 0;
  bool asked_ = false;
  bool ended_ = false;
  std::array<char, 65536> chunk_;
};

}  // namespace

RunOutcome Supervisor::run(const RunRequest& request) const {
  const std::int64_t at = epochNow();
  const std::int64_t began = monotonicNow();
  const auto host = starter_->start(request);
  // Ours, not the plugin's: no memory, no processes left, no host program, no broker.
  RunOutcome outcome = host ? HostRun(request, grace_ns_, **host).run()
                            : Transcript(request).finishWithout("transient", RunClass::kNeutral,
                                                                "run.not_started", host.error().text);
  outcome.started_at = at;
  outcome.duration_ns = monotonicNow() - began;
  return outcome;
}

}  // namespace redflag::kernel
