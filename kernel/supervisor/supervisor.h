#pragma once
// Runs plugins, each in a redflag-host process of its own, and lives whatever they do. Threads: any; a run
// belongs to the thread that started it and takes as long as the plugin's time limit and two seconds at most.

#include <filesystem>

#include "supervisor/run.h"

namespace redflag::kernel {

constexpr std::int64_t kStopGraceNs = 2'000'000'000;  // between "please stop" and the kill

class Supervisor {
 public:
  // `host`: the redflag-host program.
  explicit Supervisor(std::filesystem::path host, std::int64_t grace_ns = kStopGraceNs)
      : host_(std::move(host)), grace_ns_(grace_ns) {}

  // Never fails: what went wrong is the outcome.
  RunOutcome run(const RunRequest& request) const;

 private:
  std::filesystem::path host_;
  std::int64_t grace_ns_;
};

}  // namespace redflag::kernel
