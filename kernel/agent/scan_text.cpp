#include "agent/scan_text.h"

#include <algorithm>
#include <map>

#include "base/json.h"
#include "base/table.h"
#include "base/time.h"
#include "protocol/record_kinds.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxColumns = 6;

std::string valueText(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dumpJson(value);
}

// What a person looks for first; other kinds show their first fields.
std::vector<std::string> columnsOf(const std::string& kind, const std::vector<Json>& rows) {
  if (kind == "update/1")
    return {"name", "arch", "installed_version", "candidate_version", "category", "blocked_by"};
  std::vector<std::string> names;
  if (const auto* known = protocol::findRecordKind(kind)) {
    for (const auto& field : known->fields)
      names.emplace_back(field.name);
  } else {
    for (const auto& [name, value] : rows.front().items())
      names.push_back(name);
  }
  std::vector<std::string> columns;
  for (const auto& name : names) {
    const bool used =
        std::any_of(rows.begin(), rows.end(), [&](const Json& row) { return row.contains(name); });
    if (used && name != "record" && name != "scope" && columns.size() < kMaxColumns) columns.push_back(name);
  }
  return columns;
}

std::string rowsText(const std::string& kind, const std::vector<Json>& rows) {
  const auto columns = columnsOf(kind, rows);
  Table table(columns);
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& column : columns)
      cells.push_back(row.contains(column) ? valueText(row[column]) : "");
    table.add(std::move(cells));
  }
  return "  " + kind.substr(0, kind.find('/')) + " (" + std::to_string(rows.size()) + ")\n" +
         table.toText("    ");
}

}  // namespace

std::string scanText(const ScanReport& report) {
  const RunOutcome& outcome = report.outcome;
  std::string out = report.plugin + (report.plugin_version.empty() ? "" : " " + report.plugin_version) +
                    ": " + outcome.status + (outcome.complete ? "" : ", incomplete") + ", " +
                    std::to_string(outcome.records.size()) + " records in " +
                    std::to_string(outcome.duration_ns / kMillisecondNs) + " ms\n";
  std::map<std::string, std::vector<Json>> kinds;
  for (const auto& text : outcome.records) {
    if (const auto record = parseJson(text)) kinds[record->value("record", "")].push_back(*record);
  }
  for (const auto& [kind, rows] : kinds)
    out += rowsText(kind, rows);
  for (const auto& scope : outcome.scopes) {
    if (scope.status != "ok")
      out += "  incomplete: " + cellText(scope.key.empty() ? "all" : scope.key) + " (" + scope.status + ")\n";
  }
  for (const auto& line : outcome.reports) {
    out += "  " + line.status + ": " + cellText(line.text, 400) + " [" + cellText(line.code) + "]\n";
  }
  return out;
}

}  // namespace redflag::kernel
