#include "link/backoff.h"

#include <algorithm>
#include <random>

namespace redflag::kernel {
namespace {

constexpr std::int64_t kBelievedNs = 3'600'000'000'000;
constexpr int kMostDoublings = 20;

std::uint64_t systemRandom(std::uint64_t bound) {
  thread_local std::mt19937_64 engine{std::random_device{}()};
  return std::uniform_int_distribution<std::uint64_t>(0, bound)(engine);
}

}  // namespace

Backoff::Backoff(BackoffLimits limits, Random random)
    : limits_(limits), random_(random ? std::move(random) : systemRandom) {}

void Backoff::succeeded() {
  failures_ = 0;
  next_ns_ = 0;
}

void Backoff::failed(std::int64_t now_ns, std::int64_t at_least_ns) {
  ++failures_;
  const int doublings = std::min(failures_, kMostDoublings);
  const std::int64_t high = std::min(limits_.longest_ns, limits_.first_ns << doublings);
  // The probe of an open breaker never comes early.
  const std::int64_t low = open() ? limits_.longest_ns / 2 : limits_.first_ns;
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(std::max(high, low) - low, 0));
  const std::int64_t wait = low + static_cast<std::int64_t>(random_(span));
  next_ns_ = now_ns + std::max(wait, std::min(at_least_ns, kBelievedNs));
}

void Backoff::tryNow() {
  next_ns_ = 0;
}

}  // namespace redflag::kernel
