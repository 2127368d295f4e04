#include "swarm/text.h"

#include <cstdarg>
#include <cstdio>

namespace redflag::swarm {
namespace {

[[gnu::format(printf, 1, 2)]] std::string line(const char* format, ...) {
  char buffer[160];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(buffer, sizeof buffer, format, arguments);
  va_end(arguments);
  return std::string(buffer) + '\n';
}

std::string counts(const Report& object) {
  std::string out;
  for (const auto& [name, value] : object.items())
    out += (out.empty() ? "" : ", ") + name + " " + value.dump();
  return out;
}

}  // namespace

std::string reportText(const Report& report) {
  std::string out = line("%-18s %9s %8s %9s %9s %9s %9s", "operation", "count", "per s", "p50 ms", "p90 ms",
                         "p99 ms", "max ms");
  for (const auto& [name, one] : report["operations"].items()) {
    out += line("%-18s %9llu %8.1f %9.1f %9.1f %9.1f %9.1f", name.c_str(),
                static_cast<unsigned long long>(one["count"].get<std::uint64_t>()),
                one["per_s"].get<double>(), one["p50_ms"].get<double>(), one["p90_ms"].get<double>(),
                one["p99_ms"].get<double>(), one["max_ms"].get<double>());
  }
  if (const auto count = report["put_off"].get<std::uint64_t>(); count > 0)
    out += line("%-40s %9llu", "put off, to come later", static_cast<unsigned long long>(count));
  for (const auto& [code, count] : report["errors"].items())
    out += line("%-40s %9llu", code.c_str(), static_cast<unsigned long long>(count.get<std::uint64_t>()));
  for (const char* part : {"agents", "seconds", "server", "moments", "bytes", "items", "uploads", "orders"}) {
    if (report.contains(part)) out += std::string(part) + ": " + counts(report[part]) + '\n';
  }
  if (report["settled"] == false) out += "not settled: not all was delivered in time\n";
  if (report["judged"] == false) return out + "not judged: there is nobody to ask the server (--user)\n";
  for (const auto& finding : report["findings"])
    out += "! " + finding.get<std::string>() + '\n';
  return out + "lost " + report["lost"].dump() + ", duplicate " + report["duplicate"].dump() + '\n';
}

}  // namespace redflag::swarm
