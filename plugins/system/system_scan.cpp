#include "system_scan.h"

#include <algorithm>

#include "base/kernel_release.h"
#include "kernel_images.h"
#include "support_end.h"
#include "text_forms.h"

namespace redflag::system {
namespace {
constexpr std::uint64_t kMaxFileBytes = 1U << 20;
}

rf::Status SystemScan::scan() {
  operatingSystem();
  kernelAndReboot();
  memory();
  processors();
  load();
  pressure();
  services_.report();
  units_.report();
  return run_.outcome();
}

std::string SystemScan::read(const std::string& path) {
  auto content = files_.read(path, kMaxFileBytes);
  if (content) return std::move(*content);
  if (content.status() != rf::Status::kNotApplicable)
    run_.fail(content.status(), "system.unreadable", content.text());
  return {};
}

void SystemScan::metric(const std::string& name, double value) {
  static_cast<void>(run_.metric().name(name).value(value).commit());
}

void SystemScan::operatingSystem() {
  auto text = read("/etc/os-release");
  if (text.empty()) text = read("/usr/lib/os-release");
  auto values = parseOsRelease(text);
  run_.fact("os.name", values["NAME"]);
  run_.fact("os.version", values["VERSION_ID"]);
  run_.fact("os.id", values["ID"]);
  // Few machines have such a table, and some that do not let it be read: then the end is not known.
  const auto path = versionTable(values["ID"]);
  const auto table = path.empty() ? rf::Value<std::string>("") : files_.read(path, kMaxFileBytes);
  const auto end = supportEnd(values, table ? *table : "");
  run_.fact("os.support_end", end.regular);
  run_.fact("os.long_term_support_end", end.long_term);
}

void SystemScan::kernelAndReboot() {
  const auto lines = read("/proc/sys/kernel/osrelease");
  const auto running = lines.substr(0, lines.find('\n'));
  run_.fact("kernel.running", running);
  std::vector<std::string> reasons;
  // Without a readable /boot nothing is known about installed kernels, which is what leaving the fact out
  // says.
  const auto images = files_.list("/boot");
  const auto installed = images ? newestInstalled(*images, running) : "";
  run_.fact("kernel.installed", installed);
  if (!installed.empty() && compareReleases(installed, running) > 0) reasons.push_back("kernel " + installed);
  for (auto& package : replaced_.installedSinceStart(installed.empty()))
    reasons.push_back(std::move(package));
  const bool noted = static_cast<bool>(files_.info("/run/reboot-required"));
  // Written under the umask of whoever ran the package manager: that a reboot is needed is known without it.
  const auto packages = files_.read("/run/reboot-required.pkgs", kMaxFileBytes);
  for (const auto line : linesOf(noted && packages ? std::string_view(*packages) : std::string_view()))
    if (!line.empty() && std::find(reasons.begin(), reasons.end(), line) == reasons.end())
      reasons.emplace_back(line);
  run_.fact("reboot.required", noted || !reasons.empty() ? 1 : 0);
  run_.fact("reboot.reasons", reasons);
}

void SystemScan::memory() {
  const auto values = parseMemoryInfo(read("/proc/meminfo"));
  const auto value = [&](const char* name) -> std::optional<std::int64_t> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  if (const auto total = value("MemTotal")) run_.fact("memory.total_bytes", *total);
  if (const auto available = value("MemAvailable"))
    metric("memory_available_bytes", static_cast<double>(*available));
  const auto swap = value("SwapTotal");
  const auto unused = value("SwapFree");
  if (swap && unused) metric("swap_used_bytes", static_cast<double>(*swap - *unused));
}

void SystemScan::processors() {
  const auto stat = parseProcessorStat(read("/proc/stat"));
  if (stat.processors > 0) run_.fact("cpu.count", stat.processors);
  if (stat.booted_at > 0) run_.fact("boot.at_s", stat.booted_at);
  const auto text = read("/proc/uptime");
  const auto first = wordsOf(text);
  if (const auto seconds = first.empty() ? std::nullopt : realNumber(first[0]))
    metric("uptime_seconds", *seconds);
}

void SystemScan::load() {
  const auto text = read("/proc/loadavg");
  const auto words = wordsOf(text);
  constexpr const char* kNames[] = {"load_average_1m_ratio", "load_average_5m_ratio",
                                    "load_average_15m_ratio"};
  for (std::size_t i = 0; i < std::size(kNames) && i < words.size(); ++i)
    if (const auto value = realNumber(words[i])) metric(kNames[i], *value);
}

void SystemScan::pressure() {
  for (const auto* resource : {"cpu", "memory", "io"}) {
    const auto text = files_.read(std::string("/proc/pressure/") + resource, kMaxFileBytes);
    if (!text) continue;  // kernels are built and booted without it, and then refuse to be read in many ways
    for (const auto& row : parsePressure(*text))
      static_cast<void>(run_.metric()
                            .name("pressure_waiting_percent")
                            .value(row.average_10s)
                            .label(std::string("resource=") + resource)
                            .label("tasks=" + row.kind)
                            .commit());
  }
}

}  // namespace redflag::system
