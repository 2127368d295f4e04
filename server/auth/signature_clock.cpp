#include "auth/signature_clock.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "auth/secret_file.h"
#include "base/log.h"

namespace redflag::auth {
namespace {

constexpr std::int64_t kNoteEveryNs = 60 * kSecondNs;
constexpr std::int64_t kWorthALineNs = 2 * kSecondNs;

}  // namespace

std::string thisBoot() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

SignatureClock::SignatureClock(const Clock& clock, std::filesystem::path file, std::string boot)
    : clock_(clock),
      file_(std::move(file)),
      boot_(std::move(boot)),
      value_ns_(clock.epochNs()),
      at_ns_(clock.monotonicNs()),
      wall_ns_(value_ns_) {
  takeUp();
  started_s_ = value_ns_ / kSecondNs;
  note(value_ns_);
}

SignatureClock::~SignatureClock() {
  try {
    note(advance());
  } catch (const std::exception& error) {
    spdlog::warn("{}", error.what());
  }
}

// Within one start of the machine the monotonic clock tells exactly how far the last process' time would be
// by now. After another start only that it may have come a note further than it wrote.
void SignatureClock::takeUp() {
  std::istringstream in(readSecretFile(file_).value_or(""));
  std::int64_t value_ns = 0;
  std::int64_t at_ns = 0;
  std::string boot;
  if (!(in >> value_ns >> at_ns)) return;
  in >> boot;
  const bool same = !boot_.empty() && boot == boot_ && at_ns <= at_ns_;
  const std::int64_t least_ns = value_ns + (same ? at_ns_ - at_ns : kNoteEveryNs);
  if (least_ns - value_ns_ > kWorthALineNs)
    spdlog::warn("the clock is {} s behind what it was: agents' signatures go by the later time",
                 (least_ns - value_ns_) / kSecondNs);
  value_ns_ = std::max(value_ns_, least_ns);
}

std::int64_t SignatureClock::advance() {
  const std::int64_t wall_ns = clock_.epochNs();
  const std::int64_t at_ns = clock_.monotonicNs();
  if (wall_ns_ + (at_ns - at_ns_) - wall_ns > kWorthALineNs)
    spdlog::warn("the clock went back by {} s: agents' signatures go on by the time it was",
                 (wall_ns_ + (at_ns - at_ns_) - wall_ns) / kSecondNs);
  wall_ns_ = wall_ns;
  value_ns_ = std::max(wall_ns, value_ns_ + std::max<std::int64_t>(at_ns - at_ns_, 0));
  at_ns_ = at_ns;
  return value_ns_;
}

std::int64_t SignatureClock::nowS() {
  const std::lock_guard lock(mutex_);
  const std::int64_t value_ns = advance();
  if (at_ns_ - noted_at_ns_ >= kNoteEveryNs) note(value_ns);
  return value_ns / kSecondNs;
}

// What cannot be noted is tried again at the next note: the time itself goes on.
void SignatureClock::note(std::int64_t value_ns) {
  noted_at_ns_ = at_ns_;
  try {
    writeSecretFile(file_, std::to_string(value_ns) + ' ' + std::to_string(at_ns_) + ' ' + boot_ + '\n');
  } catch (const std::exception& error) {
    spdlog::warn("{}: {}", file_.string(), error.what());
  }
}

}  // namespace redflag::auth
