#pragma once
#include "store/metrics.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlMetrics : public Metrics {
 public:
  explicit SqlMetrics(Connection& connection) : db_(connection) {}

  void set(const AgentKey& agent, const Metric& metric, std::int64_t measured_at, std::int64_t at) override;
  void trim(const AgentKey& agent, std::int64_t keep) override;
  std::vector<MetricSeries> series(const AgentKey& agent, const MetricSpan& span, int limit) const override;
  bool prune(std::int64_t points_before, std::int64_t days_before, int limit) override;

 private:
  Connection& db_;
};

}  // namespace redflag::store::sql
