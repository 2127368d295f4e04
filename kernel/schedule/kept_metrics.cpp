#include "schedule/kept_metrics.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/json.h"
#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kSlotNs = 600 * kSecondNs;
constexpr std::size_t kMaxRows = 2'000;  // as many as the server takes of one scan

}  // namespace

std::optional<SpoolItem> metricsOf(const SpoolItem& displaced) {
  // Most scans measure nothing, and some are long.
  if (displaced.body.find("\"metric/1\"") == std::string::npos) return std::nullopt;
  const auto scan =
      parseJson(displaced.body, {.bytes = displaced.body.size(), .depth = 16, .values = 4'000'000});
  if (!scan || !scan->is_object() || !scan->contains("records")) return std::nullopt;
  Json rows = Json::array();
  for (const Json& record : scan->at("records")) {
    if (!record.is_object() || record.value("record", Json()) != "metric/1" || rows.size() == kMaxRows)
      continue;
    rows.push_back(record);
    rows.back().erase("scope");
  }
  const auto at = fromRfc3339(scan->value("started_at", ""));
  if (rows.empty() || !at) return std::nullopt;
  const std::string id = newId();
  const Json item = {{"kind", "metrics"},
                     {"id", id},
                     {"at", toRfc3339(*at)},
                     {"plugin", scan->value("plugin", "")},
                     {"rows", std::move(rows)}};
  return SpoolItem{id,   "metrics",   fmt::format("{}@{}", displaced.subject, *at / kSlotNs),
                   true, Keep::kThin, dumpJson(item)};
}

}  // namespace redflag::kernel
