#pragma once
// SIGTERM and SIGINT as something to wait for. A second one ends the process at once.

namespace redflag::server {

class StopSignal {
 public:
  // One at a time. Signals stay unblocked, so that child processes inherit nothing odd.
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // False when the time is over first.
  bool waitFor(int milliseconds);
};

}  // namespace redflag::server
