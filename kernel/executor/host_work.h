#pragma once
// Starts updater hosts for orders in the journal and follows them to their end.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/time.h"
#include "executor/events.h"
#include "executor/host_report.h"
#include "executor/host_run.h"
#include "executor/journal.h"
#include "executor/rules.h"

namespace redflag::kernel {

struct Following {
  std::int64_t soft_at = 0;  // monotonic: asked to stop
  std::int64_t hard_at = 0;  // monotonic: killed with everything it started
  std::string tell = {};     // the order whose progress is told; "": nobody is told
  bool attached = false;     // of an earlier executor
};

struct Followed {
  HostReport report;
  bool stopped = false;  // we were told to stop; a privileged host goes on by itself
  bool killed = false;   // by the hard limit
};

// What a host is asked to do. `operation` names its files as well.
struct HostCall {
  const char* interface_id;
  const char* operation;
  Json request;
  std::int64_t limit_ns = 0;  // the plugin is asked to stop then
};

// What is left of an order whose result is safe.
void forgetRun(const std::filesystem::path& runs, const std::string& command_id);

class HostWork {
 public:
  // `runs`: a folder of root's alone, made here. `stop`: leave at the next chance. All must outlive it.
  // `scratch`: for a plan's temporary files, where its user may go; "": it has none. `groups`: for sealed
  // hosts, or null.
  HostWork(std::filesystem::path host_program, std::filesystem::path scratch, std::filesystem::path runs,
           const platform::RunGroups* groups, Journal& journal, const Clock& clock, EventSink sink,
           const std::atomic<bool>& stop)
      : host_program_(std::move(host_program)),
        scratch_(std::move(scratch)),
        runs_(std::move(runs)),
        groups_(groups),
        journal_(journal),
        clock_(clock),
        sink_(std::move(sink)),
        stop_(stop) {}

  HostPlace placeOf(const JournalEntry& entry, const char* operation) const;
  Result<> makeFolder(const std::string& command_id) const;
  // Sealed, and without rights.
  Result<HostRun> startSealed(const JournalEntry& entry, const PluginSetup& setup,
                              const HostCall& call) const;
  // As root, outliving us. Each moment is recoverable: the phase is noted before the host exists, the host
  // before it is told what to do.
  Result<HostRun> startPrivileged(JournalEntry& entry, Phase phase, const PluginSetup& setup,
                                  const HostCall& call, host::Seal seal = host::Seal::kNone) const;
  Followed follow(HostRun& run, const Following& how) const;
  // False when we were told to stop.
  bool pauseFor(std::int64_t ns) const;

 private:
  std::filesystem::path host_program_;
  std::filesystem::path scratch_;
  std::filesystem::path runs_;
  const platform::RunGroups* groups_;
  Journal& journal_;
  const Clock& clock_;
  EventSink sink_;
  const std::atomic<bool>& stop_;
};

}  // namespace redflag::kernel
