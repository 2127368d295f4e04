#pragma once
// Tells a run that is slow from one that gets nowhere: what counts is how long nothing has changed, and not
// how long it takes in all. Threads: one owner.

#include <algorithm>
#include <array>
#include <cstdint>

namespace redflag::swarm {

class Stillness {
 public:
  // Of numbers that change when something is delivered.
  using State = std::array<std::int64_t, 6>;

  // `from_ns`: before it nothing has to change.
  Stillness(std::int64_t patience_ns, std::int64_t from_ns)
      : patience_ns_(patience_ns), began_ns_(from_ns), changed_ns_(from_ns) {}

  // As if something had just changed.
  void wake(std::int64_t now_ns) { changed_ns_ = std::max(now_ns, began_ns_); }
  // Whether to give up: nothing has changed for as long as there is patience, or there was no end of changes
  // for ten times as long.
  bool isTooLong(const State& state, std::int64_t now_ns) {
    constexpr std::int64_t kMost = 10;
    if (state != state_) wake(now_ns);
    state_ = state;
    return now_ns - changed_ns_ >= patience_ns_ || now_ns - began_ns_ >= kMost * patience_ns_;
  }

 private:
  const std::int64_t patience_ns_;
  const std::int64_t began_ns_;
  std::int64_t changed_ns_;
  State state_{};
};

}  // namespace redflag::swarm
