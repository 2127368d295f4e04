#include <fmt/format.h>

#include "executor/installer.h"
#include "executor/log.h"
#include "redflag/draft/updater.h"

namespace redflag::kernel {

std::optional<Outcome> Installer::mend(JournalEntry& entry) {
  logLine("warning", fmt::format("{}: {}; repairing", entry.order.command_id, entry.outcome.text));
  const std::int64_t until = clock_.monotonicNs() + limits_.repair_ns;
  for (;;) {
    const Repair repair = repairOnce(entry);
    if (repair.state == Repair::kStopped) return std::nullopt;
    if (repair.state == Repair::kDone || clock_.monotonicNs() > until) {
      entry.outcome.text += "; " + repair.text;
      return entry.outcome;
    }
    if (!hosts_.pauseFor(limits_.repair_pause_ns)) return std::nullopt;
  }
}

Installer::Repair Installer::repairOnce(JournalEntry& entry) {
  if (entry.phase == Phase::kRepairing && entry.host.pid != 0) {
    auto left = HostRun::attach(hosts_.placeOf(entry, "repair"), entry.host);
    if (left) return followRepair(entry, *left, true);
    killTree(entry.host);
  }
  HostRun::dismissWaiting(hosts_.placeOf(entry, "repair"));
  const auto rules = rules_.read();
  if (!rules) return {Repair::kTryAgain, "it could not be repaired: " + rules.error().text};
  const auto setup = (*rules)->plugin(entry.order.plugin, RF_UPDATER_1);
  if (!setup) return {Repair::kTryAgain, "it could not be repaired: " + setup.error().text};
  // The order's folder may be gone as well, after a power loss.
  if (auto ok = hosts_.makeFolder(entry.order.command_id); !ok)
    return {Repair::kTryAgain, "it could not be repaired: " + ok.error().text};
  auto run = hosts_.startPrivileged(entry, Phase::kRepairing, *setup,
                                    {RF_UPDATER_1, "repair", Json::object(), limits_.repair_ns});
  if (!run) return {Repair::kTryAgain, "it could not be repaired: " + run.error().text};
  return followRepair(entry, *run, false);
}

Installer::Repair Installer::followRepair(JournalEntry& entry, HostRun& run, bool attached) {
  const std::int64_t until = entry.begun_monotonic + limits_.repair_ns;
  const Followed followed = hosts_.follow(
      run, {.soft_at = until, .hard_at = until, .tell = entry.order.command_id, .attached = attached});
  if (followed.stopped) return {Repair::kStopped, ""};
  entry.host = {};  // the next attempt is a new one
  const HostReport& report = followed.report;
  if (!report.done()) return {Repair::kTryAgain, "the repair ended in the middle as well"};
  if (report.status() == "ok") return {Repair::kDone, "the package manager's own repair succeeded"};
  if (report.status() == "unsupported") return {Repair::kDone, "the package manager offers no repair"};
  const std::string text = "the repair failed: " + report.text(report.status());
  return {report.status() == "transient" ? Repair::kTryAgain : Repair::kDone, text};
}

}  // namespace redflag::kernel
