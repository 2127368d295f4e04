#include "executor/still_valid.h"

namespace redflag::kernel {

namespace refusal = protocol::refusal;

protocol::Verdict<> stillValid(const JournalEntry& entry, const Clock& clock, const std::string& boot_id) {
  if (entry.accepted_boot == boot_id) {
    const std::int64_t waited = clock.monotonicNs() - entry.accepted_monotonic;
    if (waited >= entry.order.expires_at - entry.accepted_at) {
      return protocol::refuse(refusal::kExpired, "the order expired while it waited");
    }
  }
  const std::int64_t now = clock.epochNs();
  if (now < entry.order.not_before)
    return protocol::refuse(refusal::kNotYetValid, "the order is not valid yet");
  if (now >= entry.order.expires_at)
    return protocol::refuse(refusal::kExpired, "the order expired while it waited");
  return {};
}

}  // namespace redflag::kernel
