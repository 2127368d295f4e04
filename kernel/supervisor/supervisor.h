#pragma once
// Runs plugins, each in a redflag-host process of its own, and lives whatever they do. Threads: any; a run
// belongs to the thread that started it and takes as long as the plugin's time limit and two seconds at most.

#include <memory>

#include "supervisor/host_starter.h"
#include "supervisor/run.h"

namespace redflag::kernel {

constexpr std::int64_t kStopGraceNs = 2'000'000'000;  // between "please stop" and the kill

class Supervisor {
 public:
  explicit Supervisor(std::shared_ptr<const HostStarter> starter, std::int64_t grace_ns = kStopGraceNs)
      : starter_(std::move(starter)), grace_ns_(grace_ns) {}

  // Never fails: what went wrong is the outcome.
  RunOutcome run(const RunRequest& request) const;

 private:
  std::shared_ptr<const HostStarter> starter_;
  std::int64_t grace_ns_;
};

}  // namespace redflag::kernel
