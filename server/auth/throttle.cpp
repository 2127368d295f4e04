#include "auth/throttle.h"

#include <algorithm>
#include <cmath>

#include "http/message.h"

namespace redflag::auth {
namespace {

constexpr std::size_t kMaxKeys = 50'000;
constexpr Budget::Rate kPair{10, 10.0 / 60};
constexpr Budget::Rate kAddress{60, 60.0 / 60};
constexpr Budget::Rate kAccount{50, 50.0 / 3600};  // at most 100 in any hour
constexpr Budget::Rate kDevice{20, 20.0 / 3600};

// An IPv6 customer has a whole /64 to try from.
std::string network(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  std::size_t end = 0;
  for (int group = 0; group < 4 && end != std::string::npos; ++group)
    end = address.find(':', end + 1);
  return address.substr(0, end);
}

}  // namespace

int Budget::take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  Level& found = level(key);
  if (found.left < 1) return static_cast<int>(std::ceil((1 - found.left) / rate_.per_second));
  found.left -= 1;
  return 0;
}

void Budget::giveBack(const std::string& key) {
  const std::lock_guard lock(mutex_);
  Level& found = level(key);
  found.left = std::min(rate_.capacity, found.left + 1);
}

Budget::Level& Budget::level(const std::string& key) {
  const std::int64_t now = clock_.monotonicNs();
  if (levels_.size() >= kMaxKeys && !levels_.contains(key)) makeRoom();
  const auto [place, added] = levels_.try_emplace(key, Level{rate_.capacity, now});
  Level& found = place->second;
  const double seconds = static_cast<double>(now - found.at_ns) / static_cast<double>(kSecondNs);
  found.left = std::min(rate_.capacity, found.left + seconds * rate_.per_second);
  found.at_ns = now;
  return found;
}

// Those that have filled up say nothing; if there are none, the one that was untouched the longest goes.
void Budget::makeRoom() {
  const std::int64_t now = clock_.monotonicNs();
  const double seconds_to_fill = rate_.capacity / rate_.per_second;
  std::erase_if(levels_, [&](const auto& entry) {
    return static_cast<double>(now - entry.second.at_ns) / static_cast<double>(kSecondNs) >= seconds_to_fill;
  });
  if (levels_.size() < kMaxKeys) return;
  levels_.erase(std::min_element(levels_.begin(), levels_.end(), [](const auto& a, const auto& b) {
    return a.second.at_ns < b.second.at_ns;
  }));
}

SignInThrottle::SignInThrottle(const Clock& clock)
    : pairs_(clock, kPair),
      addresses_(clock, kAddress),
      accounts_(clock, kAccount),
      devices_(clock, kDevice) {}

SignInThrottle::Attempt SignInThrottle::attempt(const std::string& account, const std::string& address,
                                                const std::string& device) {
  const std::string from = network(address);
  Attempt out;
  const auto take = [&out](Budget& budget, const std::string& key) {
    const int wait_s = budget.take(key);
    if (wait_s == 0) {
      out.taken_.emplace_back(&budget, key);
      return;
    }
    out.forgive();  // what another budget refuses costs nothing here
    throw http::Problem{429, "sign_in.throttled", "too many sign-ins failed; wait a little", "", wait_s};
  };
  take(addresses_, from);
  take(pairs_, account + '\n' + from);
  if (device.empty()) {
    take(accounts_, account);
  } else {
    take(devices_, device);
  }
  return out;
}

void SignInThrottle::Attempt::forgive() {
  for (const auto& [budget, key] : taken_)
    budget->giveBack(key);
  taken_.clear();
}

}  // namespace redflag::auth
