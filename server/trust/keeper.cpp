#include "trust/keeper.h"

#include "base/log.h"
#include "base/time.h"
#include "trust/set_back.h"

namespace redflag::trust {
namespace {

constexpr std::int64_t kLookEveryNs = 4 * kSecondNs;

}  // namespace

std::shared_ptr<const PublishedTrust> Keeper::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

Result<std::int64_t> Keeper::epochFor(const std::string& key_id, std::int64_t now_ns) const {
  const auto trust = published();
  if (!trust)
    return fail(Code::kUnavailable, "no trust root is published, or it is not in order; see the log");
  if (now_ns >= trust->targets_expires_ns) return fail(Code::kDenied, "the list of command keys has expired");
  if (!trust->commands.publicKey(key_id, now_ns)) {
    return fail(Code::kDenied, "the published list does not name this server's command key, or not for now");
  }
  const std::int64_t epoch = trust->commands.restore_epoch;
  const std::string held = whyHeldBack({restored_, marksIn(restored_.parent_path()).behind},
                                       {trust->root_version, trust->targets_version, 0, 0, epoch});
  if (!held.empty()) return fail(Code::kDenied, held);
  return epoch;
}

void Keeper::say(const std::string& problem) {
  if (problem != problem_ && !problem.empty()) spdlog::error("trust: {}", problem);
  problem_ = problem;
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
}

}  // namespace redflag::trust
