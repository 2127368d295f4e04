#pragma once
// What agents measure: each series' newest value, and its history in two grains.

#include <cstdint>
#include <string>
#include <vector>

#include "store/agents.h"

namespace redflag::store {

struct Metric {
  std::string name;   // "memory_available_bytes"
  std::string label;  // "mount=/", several joined by commas; "" none
  double value = 0;
};

// Of one span of time: what was seen in it.
struct MetricPoint {
  std::int64_t at = 0;  // its begin; ns since the epoch
  double low = 0;
  double high = 0;
};

struct MetricSeries {
  Metric newest;
  std::int64_t at = 0;              // of the newest value; ns since the epoch
  std::vector<MetricPoint> points;  // oldest first; spans without a value are not there
};

struct MetricSpan {
  std::int64_t from = 0;     // ns since the epoch
  std::int64_t step_ns = 0;  // a multiple of kMetricPointNs below a day, or kMetricDayNs
};

constexpr std::int64_t kMetricPointNs = 600'000'000'000;
constexpr std::int64_t kMetricDayNs = 86'400'000'000'000;

class Metrics {
 public:
  virtual ~Metrics() = default;

  // `measured_at`: when by the agent's clock, for its history; `at`: when it came. Both ns since the epoch.
  virtual void set(const AgentKey& agent, const Metric& metric, std::int64_t measured_at,
                   std::int64_t at) = 0;
  // Keeps the agent's newest `keep` series.
  virtual void trim(const AgentKey& agent, std::int64_t keep) = 0;
  // The first `limit` series by name and label.
  virtual std::vector<MetricSeries> series(const AgentKey& agent, const MetricSpan& span,
                                           int limit) const = 0;
  // Forgets points and days before these times, and series whose last day goes. At most `limit` rows of each;
  // true: there may be more.
  virtual bool prune(std::int64_t points_before, std::int64_t days_before, int limit) = 0;
};

}  // namespace redflag::store
