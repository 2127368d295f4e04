#pragma once
// The circuit breaker around one plugin, version and interface: the rules alone, without clock, disk or
// threads.
//
//   closed ──(crash, hang, broken contract: at once; other failures: `failures` in a row, or
//             `window_failures` within `window_ns`)──► open
//   open ──(its time is over, or a person asks)──► half open: one run at a time
//   half open ──(a failure)──► open, twice as long as before, at most open_max
//   half open ──(`successes` good runs)──► closed

#include <cstdint>
#include <string>
#include <vector>

namespace redflag::kernel {

// What a run's end means for the breaker.
enum class RunClass {
  kOk,
  kFailure,         // transient or permanent: the plugin itself said so
  kCrash,           // ended by a signal or without its last word
  kHang,            // had to be killed at its deadline
  kBrokenContract,  // nonsense on the wire, or more than its limits
  // not applicable, denied, misconfigured, cancelled, or one source of several: says nothing about the
  // plugin's health
  kNeutral,
};
const char* runClassName(RunClass run_class);  // "ok failure crash hang broken_contract neutral"

enum class BreakerPhase { kClosed = 0, kOpen = 1, kHalfOpen = 2 };
const char* breakerPhaseName(BreakerPhase phase);  // "closed open half_open"

struct BreakerRules {
  int failures = 3;
  int window_failures = 10;
  std::int64_t window_ns = 24LL * 3600 * 1'000'000'000;
  std::int64_t open_ns = 0;
  std::int64_t open_max_ns = 0;
  int successes = 2;
};

struct BreakerState {
  BreakerPhase phase = BreakerPhase::kClosed;
  int failures = 0;             // in a row, while closed
  int successes = 0;            // in a row, while half open
  int openings = 0;             // since it was last closed: doubles the wait
  std::int64_t since = 0;       // ns since the epoch; 0: for ever
  std::int64_t open_until = 0;  // ns since the epoch, while open
  bool running = false;         // a run is under way, or was when this process died
  std::string run_class;        // of the run that opened it
  std::string code;
  std::string text;
  std::vector<std::int64_t> recent = {};  // when the newest failures were, while closed; oldest first
};

struct RunEnd {
  RunClass run_class = RunClass::kOk;
  std::string code;  // of the last report, "apt.lists_stale"
  std::string text;
};

// May a run begin now? True marks it as running and may move open -> half open. `by_person`: a manual scan
// does not wait for the end of open_until.
bool admit(BreakerState& state, const BreakerRules& rules, bool by_person, std::int64_t now);
// The admitted run has ended.
void finish(BreakerState& state, const BreakerRules& rules, const RunEnd& end, std::int64_t now);

}  // namespace redflag::kernel
