#pragma once
// The services of a host on a bad day: they fail, hang, answer far too much, or bytes that are no text.

#include <atomic>
#include <string>

#include "host/run.h"
#include "redflag/draft/progress.h"
#include "redflag/services.h"

namespace redflag::validator {

enum class Fault { kNone, kAbsent, kFails, kHangs, kFloods, kNotText };

class FalseServices {
 public:
  // `service` is "file" for rf.file/1, "" for all. `real` answers for those that do not show the fault.
  FalseServices(Fault fault, std::string service, const rf_host* real, const host::RunControl& control);
  const rf_host* host() const { return &host_; }
  std::uint64_t calls() const { return calls_; }

 private:
  static const void* find(const rf_host* host, rf_str id);
  // The status of a call, or RF_OK when the sink is to be filled.
  rf_status begin();
  std::int64_t time();
  rf_status fill(rf_sink sink, std::uint64_t max_bytes, int pieces);

  const Fault fault_;
  const std::string service_;
  const rf_host* real_;
  const host::RunControl& control_;
  std::atomic<std::uint64_t> calls_{0};
  rf_host host_{};
  rf_file_1 file_{};
  rf_exec_1 exec_{};
  rf_state_1 state_{};
  rf_log_1 log_{};
  rf_clock_1 clock_{};
  rf_progress_1 progress_{};
};

}  // namespace redflag::validator
