#include "link/backoff.h"

#include <algorithm>
#include <random>

namespace redflag::kernel {
namespace {

constexpr std::int64_t kBelievedNs = 3'600'000'000'000;
constexpr std::int64_t kPutOffBelievedNs = 300'000'000'000;
constexpr std::int64_t kLongestPutOffNs = 60'000'000'000;
constexpr int kMostDoublings = 20;

std::uint64_t systemRandom(std::uint64_t bound) {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_int_distribution<std::uint64_t>(0, bound)(engine);
}

}  // namespace

Backoff::Backoff(BackoffLimits limits, Random random)
    : limits_(limits), random_(random ? std::move(random) : systemRandom) {}

void Backoff::succeeded() {
  failures_ = put_offs_ = 0;
  asked_ns_ = next_ns_ = 0;
}

// Both kinds count, so that a server that fails and puts off by turns is asked ever more seldom, too.
std::int64_t Backoff::spread(std::int64_t low_ns, std::int64_t longest_ns) {
  const int doublings = std::min(failures_ + put_offs_, kMostDoublings);
  const std::int64_t high = std::min(longest_ns, limits_.first_ns << doublings);
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(high - low_ns, 0));
  return low_ns + static_cast<std::int64_t>(random_(span));
}

void Backoff::failed(std::int64_t now_ns, std::int64_t at_least_ns) {
  ++failures_;
  asked_ns_ = 0;
  // The probe of an open breaker never comes early.
  const std::int64_t low = open() ? limits_.longest_ns / 2 : limits_.first_ns;
  next_ns_ = now_ns + std::max(spread(low, limits_.longest_ns), std::min(at_least_ns, kBelievedNs));
}

void Backoff::putOff(std::int64_t now_ns, std::int64_t after_ns) {
  failures_ = 0;
  ++put_offs_;
  asked_ns_ = now_ns + std::min(after_ns, kPutOffBelievedNs);
  const std::int64_t longest = std::min(limits_.longest_ns, kLongestPutOffNs);
  next_ns_ = std::max(asked_ns_, now_ns + spread(limits_.first_ns, longest));
}

void Backoff::tryNow() {
  next_ns_ = asked_ns_;
}

}  // namespace redflag::kernel
