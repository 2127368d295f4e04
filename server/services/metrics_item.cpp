#include "services/metrics_item.h"

#include "base/time.h"
#include "protocol/record_check.h"
#include "services/item_reading.h"
#include "services/uploads.h"

namespace redflag::services {
namespace {

constexpr std::int64_t kSpooledNs = 90 * 86'400 * kSecondNs;  // how long an agent may have kept something

}  // namespace

store::Metric metricOf(const Json& row) {
  std::string label;
  if (const auto it = row.find("label"); it != row.end()) {
    for (const auto& part : *it)
      label += (label.empty() ? "" : ",") + part.get<std::string>();
  }
  return {row["name"], label, row["value"]};
}

std::int64_t likelyTime(std::int64_t said_at, std::int64_t received_at) {
  // The difference of two clocks may be more than 64 bits hold.
  const bool likely = said_at <= received_at && said_at > received_at - kSpooledNs;
  return likely ? said_at : received_at;
}

void Uploads::takeMetrics(store::WriteTransaction& tx, const store::AgentKey& agent, const Json& item) const {
  JsonReader in(item, "metrics");
  in.text("kind", 16);
  in.text("id", 26);
  const std::int64_t now = context_.now();
  const std::int64_t at = likelyTime(readTime(in, "at"), now);
  readClean(in, "plugin", 128);
  const Json& rows = in.array("rows", static_cast<std::size_t>(kMaxMetrics));
  finishItem(in);
  for (const Json& row : rows) {
    if (auto checked = protocol::checkRecord(row, "metrics.rows"); !checked)
      throw http::Problem{400, "item.invalid", checked.error().text};
    if (row["record"] != "metric/1")
      throw http::Problem{400, "item.invalid", "metrics.rows.record: expected metric/1"};
    tx.metrics().set(agent, metricOf(row), at, now);
  }
  tx.metrics().trim(agent, kMaxMetrics);
}

}  // namespace redflag::services
