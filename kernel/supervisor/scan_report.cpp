#include "supervisor/scan_report.h"

#include "base/time.h"
#include "supervisor/plugin_catalog.h"

namespace redflag::kernel {
namespace {

Json scopesOf(const RunOutcome& outcome) {
  Json out = Json::array();
  for (const auto& scope : outcome.scopes)
    out.push_back({{"key", scope.key}, {"status", scope.status}});
  return out;
}

Json reportsOf(const RunOutcome& outcome) {
  Json out = Json::array();
  for (const auto& report : outcome.reports) {
    out.push_back({{"status", report.status}, {"code", report.code}, {"text", report.text}});
  }
  return out;
}

// Puts the records, which are JSON already, behind the other members. They can be many: nothing is copied
// twice.
std::string withRecords(const Json& members, const RunOutcome& outcome) {
  constexpr std::string_view kOpening = ",\"records\":[";
  std::string out = dumpJson(members);
  out.pop_back();
  std::size_t bytes = out.size() + kOpening.size() + 2;
  for (const auto& record : outcome.records)
    bytes += record.size() + 1;
  out.reserve(bytes);
  out += kOpening;
  for (std::size_t i = 0; i < outcome.records.size(); ++i) {
    if (i > 0) out += ',';
    out += outcome.records[i];
  }
  out += "]}";
  return out;
}

}  // namespace

std::string scanItem(const ScanReport& report) {
  const RunOutcome& outcome = report.outcome;
  Json item = {{"kind", "scan"},
               {"id", report.id},
               {"at", toRfc3339(outcome.started_at + outcome.duration_ns)},
               {"plugin", report.plugin},
               {"plugin_version", report.plugin_version},
               {"interface", kScannerInterface},
               {"purpose", report.purpose},
               {"trigger", report.trigger},
               {"boot_id", report.boot_id},
               {"started_at", toRfc3339(outcome.started_at)},
               {"duration_ms", outcome.duration_ns / kMillisecondNs},
               {"status", outcome.status},
               {"complete", outcome.complete},
               {"scopes", scopesOf(outcome)},
               {"reports", reportsOf(outcome)}};
  if (!report.command_id.empty()) item["command_id"] = report.command_id;
  return withRecords(item, outcome);
}

std::string scanEntry(const ScanReport& report) {
  const RunOutcome& outcome = report.outcome;
  return withRecords({{"plugin", report.plugin},
                      {"version", report.plugin_version},
                      {"status", outcome.status},
                      {"complete", outcome.complete},
                      {"scopes", scopesOf(outcome)},
                      {"started_at", toRfc3339(outcome.started_at)},
                      {"duration_ms", outcome.duration_ns / kMillisecondNs},
                      {"reports", reportsOf(outcome)}},
                     outcome);
}

}  // namespace redflag::kernel
