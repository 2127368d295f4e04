#include "executor/host_work.h"

#include <sys/stat.h>

#include <chrono>
#include <thread>
#include <utility>

#include "base/time.h"
#include "executor/os_error.h"
#include "platform/files.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kStepNs = kSecondNs / 10;
constexpr std::int64_t kAfterDoneNs = 10 * kSecondNs;  // to clean up behind itself
constexpr std::int64_t kHelloNs = 60 * kSecondNs;      // a host taken up again was told to begin long ago
constexpr std::int64_t kToldNs = 2 * kSecondNs;        // or it never was

Json startMessage(const PluginSetup& setup, const HostCall& call) {
  return {{"operation", call.operation},
          {"interface", call.interface_id},
          {"settings", setup.settings},
          {"deadline_ms", call.limit_ns / kMillisecondNs},
          {"request", call.request}};
}

}  // namespace

void forgetRun(const std::filesystem::path& runs, const std::string& command_id) {
  std::error_code ignored;  // what stays is removed with the next order of that name, or by hand
  std::filesystem::remove_all(runs / command_id, ignored);
}

HostPlace HostWork::placeOf(const JournalEntry& entry, const char* operation) const {
  return {runs_ / entry.order.command_id, operation};
}

Result<> HostWork::makeFolder(const std::string& command_id) const {
  return platform::makePrivateFolder(runs_ / command_id);
}

Result<HostRun> HostWork::startSealed(const JournalEntry& entry, const PluginSetup& setup,
                                      const HostCall& call) const {
  // Without one a plugin that needs none still plans, and another one says what it lacks.
  if (!scratch_.empty() && platform::mayBecomeOthers())
    static_cast<void>(platform::makeFolderOf(scratch_, planUser()));
  auto run = HostRun::spawn(placeOf(entry, call.operation), {.program = host_program_,
                                                             .limits = setup.limits,
                                                             .capabilities = setup.capabilities,
                                                             .groups = groups_});
  if (!run) return run;
  const auto load = host::loadOf(setup.manifest, setup.capabilities, setup.seal, scratch_);
  if (auto ok = run->begin(load, startMessage(setup, call)); !ok) return tl::unexpected<Error>(ok.error());
  return run;
}

Result<HostRun> HostWork::startPrivileged(JournalEntry& entry, Phase phase, const PluginSetup& setup,
                                          const HostCall& call, host::Seal seal) const {
  entry.phase = phase;
  entry.host = {};
  entry.begun_monotonic = clock_.monotonicNs();
  if (auto ok = journal_.update(entry); !ok) return tl::unexpected<Error>(ok.error());
  auto run = HostRun::spawn(placeOf(entry, call.operation), {.program = host_program_,
                                                             .privileged = true,
                                                             .limits = {},
                                                             .keeps_descendants = isDownload(entry.order)});
  if (!run) return run;
  entry.host = run->mark();
  if (auto ok = journal_.update(entry); !ok) return tl::unexpected<Error>(ok.error());
  const auto load = host::loadOf(setup.manifest, setup.capabilities, seal, {});
  if (auto ok = run->begin(load, startMessage(setup, call)); !ok) return tl::unexpected<Error>(ok.error());
  return run;
}

Followed HostWork::follow(HostRun& run, const Following& how) const {
  Followed out{HostReport(how.tell, how.tell.empty() ? EventSink() : sink_)};
  const std::int64_t began = clock_.monotonicNs();
  std::int64_t done_at = 0;
  bool earlier = how.attached;  // what comes was written before we were here
  while (!run.ended()) {
    if (stop_) {
      run.release();
      out.stopped = true;
      return out;
    }
    // A host that breaks the protocol is not believed any more, but an install is not torn down for it
    // either.
    if (const auto frames = run.step(kStepNs)) {
      for (const auto& frame : *frames)
        out.report.take(frame);
    } else {
      out.report.unreadable();
    }
    if (earlier) out.report.forgetPending();
    earlier = earlier && run.behind();
    const std::int64_t now = clock_.monotonicNs();
    out.report.flush(clock_.epochNs(), now);
    if (out.report.done() && done_at == 0) done_at = now;
    const bool overstays = done_at != 0 && now - done_at > kAfterDoneNs;
    const bool silent = how.attached && ((!out.report.told() && now - began > kToldNs) ||
                                         (!out.report.loaded() && now - began > kHelloNs));
    if (now > how.soft_at) run.cancel();
    if (now > how.hard_at || overstays || silent) {
      out.killed = !overstays;
      run.kill();
    }
  }
  run.release();
  return out;
}

bool HostWork::pauseFor(std::int64_t ns) const {
  const std::int64_t until = clock_.monotonicNs() + ns;
  while (!stop_ && clock_.monotonicNs() < until)
    std::this_thread::sleep_for(std::chrono::nanoseconds(kStepNs));
  return !stop_;
}

}  // namespace redflag::kernel
