#include "auth/budget.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/encoding.h"

namespace redflag::auth {
namespace {

constexpr std::size_t kMaxKeys = 50'000;

}  // namespace

int Budget::take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  Level& found = level(key);
  if (found.left < 1) return secondsUntilOne(found);
  found.left -= 1;
  return 0;
}

int Budget::wait(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const Level& found = level(key);
  return found.left < 1 ? secondsUntilOne(found) : 0;
}

int Budget::secondsUntilOne(const Level& found) const {
  return static_cast<int>(std::ceil((1 - found.left) / rate_.per_second));
}

void Budget::setRate(const Rate& rate) {
  const std::lock_guard lock(mutex_);
  rate_ = rate;
  for (auto& [key, one] : levels_)
    one.left = std::min(one.left, rate.capacity);
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

std::string networkOf(const std::string& address) {
  in6_addr v6{};
  if (::inet_pton(AF_INET6, address.c_str(), &v6) != 1) return address;
  return toHex(std::string_view(reinterpret_cast<const char*>(v6.s6_addr), 8)) + "::/64";
}

}  // namespace redflag::auth
