#include "swarm/statistics.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace redflag::swarm {
namespace {

double milliseconds(std::int64_t ns) {
  return std::round(static_cast<double>(ns) / 1e3) / 1e3;
}

}  // namespace

// Below 2 * 64 each value has a bucket; above, each power of two has 64.
std::size_t Histogram::bucketOf(std::uint64_t us) {
  constexpr std::uint64_t kSteps = 1U << kStepBits;
  if (us < kSteps) return static_cast<std::size_t>(us);
  const int power = static_cast<int>(std::bit_width(us)) - 1 - kStepBits;
  const auto bucket =
      static_cast<std::size_t>((static_cast<std::uint64_t>(power) << kStepBits) + (us >> power));
  return std::min(bucket, (static_cast<std::size_t>(kPowers) << kStepBits) - 1);
}

std::uint64_t Histogram::upperBound(std::size_t bucket) {
  constexpr std::uint64_t kSteps = 1U << kStepBits;
  if (bucket < kSteps) return bucket;
  const std::uint64_t power = (bucket >> kStepBits) - 1;
  const std::uint64_t first = bucket - (power << kStepBits);
  return ((first + 1) << power) - 1;
}

void Histogram::add(std::int64_t ns) {
  const std::int64_t known = std::max<std::int64_t>(ns, 0);
  ++buckets_.at(bucketOf(static_cast<std::uint64_t>(known) / 1000));
  ++count_;
  max_ns_ = std::max(max_ns_, known);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    buckets_.at(i) += other.buckets_.at(i);
  count_ += other.count_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

std::int64_t Histogram::percentileNs(double share) const {
  const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_.at(i);
    if (seen >= rank && seen > 0)
      return std::min(static_cast<std::int64_t>(upperBound(i) * 1000 + 999), max_ns_);
  }
  return max_ns_;
}

void Statistics::refused(const Reply& reply) {
  if (reply.isBusy()) {
    ++put_off_;
  } else {
    failed(reply.code(), reply.requestId());
  }
}

void Statistics::merge(const Statistics& other) {
  for (const auto& [name, histogram] : other.operations_)
    operations_[name].merge(histogram);
  put_off_ += other.put_off_;
  for (const auto& [code, count] : other.errors_)
    errors_[code] += count;
  for (const auto& [code, id] : other.requests_)
    requests_[code] = id;
  moved(other.sent_, other.received_);
}

Report Statistics::report(double seconds) const {
  Report operations = Report::object();
  for (const auto& [name, histogram] : operations_) {
    operations[name] = {{"count", histogram.count()},
                        {"per_s", std::round(static_cast<double>(histogram.count()) / seconds * 10) / 10},
                        {"p50_ms", milliseconds(histogram.percentileNs(0.5))},
                        {"p90_ms", milliseconds(histogram.percentileNs(0.9))},
                        {"p99_ms", milliseconds(histogram.percentileNs(0.99))},
                        {"max_ms", milliseconds(histogram.maxNs())}};
  }
  Report errors = Report::object();
  for (const auto& [code, count] : errors_)
    errors[code] = count;
  return {{"operations", std::move(operations)},
          {"put_off", put_off_},
          {"errors", std::move(errors)},
          {"requests", requests_},
          {"bytes", {{"sent", sent_}, {"received", received_}}}};
}

}  // namespace redflag::swarm
