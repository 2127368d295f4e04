#include "breaker/breaker.h"

#include <algorithm>

namespace redflag::kernel {
namespace {

void enter(BreakerState& state, BreakerPhase phase, std::int64_t now) {
  state.phase = phase;
  state.since = now;
  state.failures = 0;
  state.successes = 0;
  state.recent.clear();
}

// True when too many failures lie within the window, however many good runs lie between them.
bool failsTooOften(BreakerState& state, const BreakerRules& rules, std::int64_t now) {
  state.recent.push_back(now);
  // One in the future was noted before the clock was set back.
  std::erase_if(state.recent, [&](std::int64_t at) { return at > now || now - at > rules.window_ns; });
  return state.recent.size() >= static_cast<std::size_t>(rules.window_failures);
}

void open(BreakerState& state, const BreakerRules& rules, const RunEnd& end, std::int64_t now) {
  enter(state, BreakerPhase::kOpen, now);
  std::int64_t wait = rules.open_ns;
  for (int i = 0; i < state.openings && wait < rules.open_max_ns; ++i)
    wait *= 2;
  state.open_until = now + std::min(wait, rules.open_max_ns);
  ++state.openings;
  state.run_class = runClassName(end.run_class);
  state.code = end.code;
  state.text = end.text;
}

void close(BreakerState& state, std::int64_t now) {
  enter(state, BreakerPhase::kClosed, now);
  state.openings = 0;
  state.open_until = 0;
  state.run_class.clear();
  state.code.clear();
  state.text.clear();
}

// A clock that was set back must not keep it open for longer than it ever would.
bool waitIsOver(const BreakerState& state, const BreakerRules& rules, std::int64_t now) {
  return now >= state.open_until || state.open_until - now > rules.open_max_ns;
}

}  // namespace

const char* runClassName(RunClass run_class) {
  switch (run_class) {
    case RunClass::kOk:
      return "ok";
    case RunClass::kFailure:
      return "failure";
    case RunClass::kCrash:
      return "crash";
    case RunClass::kHang:
      return "hang";
    case RunClass::kBrokenContract:
      return "broken_contract";
    case RunClass::kNeutral:
      return "neutral";
  }
  return "failure";
}

const char* breakerPhaseName(BreakerPhase phase) {
  switch (phase) {
    case BreakerPhase::kClosed:
      return "closed";
    case BreakerPhase::kOpen:
      return "open";
    case BreakerPhase::kHalfOpen:
      return "half_open";
  }
  return "open";
}

bool admit(BreakerState& state, const BreakerRules& rules, bool by_person, std::int64_t now) {
  if (state.phase == BreakerPhase::kOpen) {
    if (!by_person && !waitIsOver(state, rules, now)) return false;
    enter(state, BreakerPhase::kHalfOpen, now);
  } else if (state.phase == BreakerPhase::kHalfOpen && state.running) {
    return false;
  }
  state.running = true;
  return true;
}

void finish(BreakerState& state, const BreakerRules& rules, const RunEnd& end, std::int64_t now) {
  state.running = false;
  if (end.run_class == RunClass::kNeutral || state.phase == BreakerPhase::kOpen) return;
  const bool half_open = state.phase == BreakerPhase::kHalfOpen;
  if (end.run_class == RunClass::kOk) {
    state.failures = 0;
    if (half_open && ++state.successes >= rules.successes) close(state, now);
    return;
  }
  const bool at_once = end.run_class != RunClass::kFailure;
  const bool often = failsTooOften(state, rules, now);
  if (half_open || at_once || often || ++state.failures >= rules.failures) open(state, rules, end, now);
}

}  // namespace redflag::kernel
