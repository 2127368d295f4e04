#include "store/sql/metrics.h"

#include <map>

namespace redflag::store::sql {
namespace {

std::int64_t begin(std::int64_t at, std::int64_t step_ns) {
  return at - at % step_ns;
}

// Of every series of an agent since a time, oldest first within each.
constexpr const char* kDays =
    "SELECT name, label, day, low, high FROM metric_days "
    "WHERE client_id = ? AND agent_id = ? AND day >= ? ORDER BY name, label, day";
constexpr const char* kPoints =
    "SELECT name, label, MIN(at), MIN(value), MAX(value) FROM metric_points "
    "WHERE client_id = ? AND agent_id = ? AND at >= ? GROUP BY name, label, at / ? ORDER BY name, label, 3";

}  // namespace

void SqlMetrics::set(const AgentKey& agent, const Metric& metric, std::int64_t measured_at, std::int64_t at) {
  db_.post(
      "INSERT INTO metrics (client_id, agent_id, name, label, value, at) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (client_id, agent_id, name, label) DO UPDATE SET value = excluded.value, at = excluded.at",
      agent.client_id, agent.agent_id, metric.name, metric.label, metric.value, at);
  db_.post(
      "INSERT INTO metric_points (client_id, agent_id, name, label, at, value) VALUES (?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (client_id, agent_id, name, label, at) DO UPDATE SET value = excluded.value",
      agent.client_id, agent.agent_id, metric.name, metric.label, begin(measured_at, kMetricPointNs),
      metric.value);
  db_.post(
      "INSERT INTO metric_days (client_id, agent_id, name, label, day, low, high) VALUES (?1, ?2, ?3, ?4, "
      "?5, ?6, ?6) ON CONFLICT (client_id, agent_id, name, label, day) DO UPDATE SET "
      "low = CASE WHEN excluded.low < metric_days.low THEN excluded.low ELSE metric_days.low END, "
      "high = CASE WHEN excluded.high > metric_days.high THEN excluded.high ELSE metric_days.high END",
      agent.client_id, agent.agent_id, metric.name, metric.label, begin(measured_at, kMetricDayNs),
      metric.value);
}

void SqlMetrics::trim(const AgentKey& agent, std::int64_t keep) {
  db_.post(
      "DELETE FROM metrics WHERE client_id = ?1 AND agent_id = ?2 AND (name, label) NOT IN "
      "(SELECT name, label FROM metrics WHERE client_id = ?1 AND agent_id = ?2 ORDER BY at DESC, name, label "
      "LIMIT ?3)",
      agent.client_id, agent.agent_id, keep);
}

std::vector<MetricSeries> SqlMetrics::series(const AgentKey& agent, const MetricSpan& span, int limit) const {
  std::vector<MetricSeries> all;
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  {
    auto rows = db_.query(
        "SELECT name, label, value, at FROM metrics WHERE client_id = ? AND agent_id = ? "
        "ORDER BY name, label LIMIT ?",
        agent.client_id, agent.agent_id, limit);
    while (rows.next()) {
      auto& series = all.emplace_back();
      series.newest.name = rows.text();
      series.newest.label = rows.text();
      series.newest.value = rows.real();
      series.at = rows.integer();
      places[{series.newest.name, series.newest.label}] = all.size() - 1;
    }
  }
  const std::int64_t from = begin(span.from, span.step_ns);
  auto rows = span.step_ns == kMetricDayNs
                  ? db_.query(kDays, agent.client_id, agent.agent_id, from)
                  : db_.query(kPoints, agent.client_id, agent.agent_id, from, span.step_ns);
  while (rows.next()) {
    auto name = rows.text();
    auto label = rows.text();
    const std::int64_t at = rows.integer();
    const double low = rows.real();
    const double high = rows.real();
    const auto place = places.find({std::move(name), std::move(label)});
    if (place != places.end()) all[place->second].points.push_back({begin(at, span.step_ns), low, high});
  }
  return all;
}

bool SqlMetrics::prune(std::int64_t points_before, std::int64_t days_before, int limit) {
  const int points = db_.execute(
      "DELETE FROM metric_points WHERE (client_id, agent_id, name, label, at) IN "
      "(SELECT client_id, agent_id, name, label, at FROM metric_points WHERE at < ? LIMIT ?)",
      points_before, limit);
  // A day that began before the time may end after it.
  db_.execute(
      "DELETE FROM metrics WHERE at < ? AND (client_id, agent_id, name, label) IN "
      "(SELECT client_id, agent_id, name, label FROM metric_days WHERE day < ? LIMIT ?)",
      days_before + kMetricDayNs, days_before, limit);
  const int days = db_.execute(
      "DELETE FROM metric_days WHERE (client_id, agent_id, name, label, day) IN "
      "(SELECT client_id, agent_id, name, label, day FROM metric_days WHERE day < ? LIMIT ?)",
      days_before, limit);
  return points == limit || days == limit;
}

}  // namespace redflag::store::sql
