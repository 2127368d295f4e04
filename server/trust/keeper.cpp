#include "trust/keeper.h"

#include "base/log.h"
#include "base/time.h"

namespace redflag::trust {
namespace {

constexpr std::int64_t kLookEveryNs = 60 * kSecondNs;
constexpr std::int64_t kDayLengthNs = 86'400 * kSecondNs;

}  // namespace

int expiryWarningDays(std::int64_t expires_ns, std::int64_t now_ns) {
  for (const int days : {7, 30, 60})
    if (expires_ns - now_ns <= days * kDayLengthNs) return days;
  return 0;
}

std::shared_ptr<const PublishedTrust> Keeper::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

void Keeper::say(const std::string& problem) {
  if (problem != problem_ && !problem.empty()) spdlog::error("trust: {}", problem);
  problem_ = problem;
}

void Keeper::warnOfExpiry(const char* role, std::int64_t expires_ns, std::int64_t now_ns) {
  const int days = expiryWarningDays(expires_ns, now_ns);
  if (days == 0) return;
  warned_at_ = now_ns;
  spdlog::warn("trust: the {} document ends at {}; renew it with `redflag-server keys renew {}`", role,
               toRfc3339(expires_ns), role);
}

void Keeper::tend(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (tended_at_ != 0 && now_ns - tended_at_ < kLookEveryNs && now_ns >= tended_at_) return;
  tended_at_ = now_ns;
  try {
    const auto published = repository_.refresh(now_ns);
    const bool newer =
        published && (!published_ || published_->targets_version != published->targets_version ||
                      published_->root_version != published->root_version);
    if (newer) {
      spdlog::info("trust: publishing root {} and targets {}", published->root_version,
                   published->targets_version);
    }
    published_ = published ? std::make_shared<const PublishedTrust>(*published) : nullptr;
    say("");
  } catch (const std::exception& e) {
    published_ = nullptr;
    say(e.what());
  }
  if (!published_ || (warned_at_ != 0 && now_ns - warned_at_ < kDayLengthNs)) return;
  warnOfExpiry("root", published_->root_expires_ns, now_ns);
  warnOfExpiry("targets", published_->targets_expires_ns, now_ns);
}

}  // namespace redflag::trust
