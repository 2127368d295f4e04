#include "schedule/schedule.h"

#include <algorithm>
#include <limits>

namespace redflag::kernel {
namespace {

constexpr std::int64_t kRetryNs = 60 * kSecondNs;  // the shortest interval that can be configured

}  // namespace

Schedule::Schedule(const Clock& clock, Jitter jitter, LastRuns last_runs)
    : clock_(clock), jitter_(std::move(jitter)), last_runs_(std::move(last_runs)) {
  // A last run in the future is from a clock that was wrong: as good as unknown.
  std::erase_if(last_runs_, [&](const auto& run) { return run.second > clock_.epochNs(); });
}

void Schedule::configure(const std::vector<std::pair<std::string, ScheduleConfig>>& plugins) {
  std::map<std::string, Entry> entries;
  for (const auto& [id, config] : plugins) {
    const auto known = entries_.find(id);
    Entry entry = known == entries_.end() ? Entry{} : known->second;
    const bool same = known != entries_.end() && entry.config.every_ns == config.every_ns &&
                      entry.config.jitter_ns == config.jitter_ns;
    entry.config = config;
    const auto last = last_runs_.find(id);
    if (!same) plan(entry, last == last_runs_.end() ? 0 : last->second);
    entries.emplace(id, entry);
  }
  entries_ = std::move(entries);
}

void Schedule::plan(Entry& entry, std::int64_t last_run) const {
  const std::int64_t now = clock_.epochNs();
  // A run in the future is from a clock that was wrong until a moment ago: as good as unknown.
  const bool known = last_run != 0 && last_run <= now;
  entry.due_epoch = known ? last_run + entry.config.every_ns + jitter_(entry.config.jitter_ns) : now;
  entry.due_monotonic = clock_.monotonicNs() + std::max<std::int64_t>(entry.due_epoch - now, 0);
}

std::int64_t Schedule::untilDue(const Entry& entry) const {
  return std::min(entry.due_monotonic - clock_.monotonicNs(), entry.due_epoch - clock_.epochNs());
}

std::vector<std::string> Schedule::takeDue() {
  std::vector<std::string> due;
  for (auto& [id, entry] : entries_) {
    if (entry.running || untilDue(entry) > 0) continue;
    entry.running = true;
    due.push_back(id);
  }
  return due;
}

void Schedule::finished(const std::string& plugin) {
  last_runs_[plugin] = clock_.epochNs();
  const auto entry = entries_.find(plugin);
  if (entry == entries_.end()) return;
  entry->second.running = false;
  plan(entry->second, last_runs_[plugin]);
}

void Schedule::lost(const std::string& plugin) {
  const auto entry = entries_.find(plugin);
  if (entry == entries_.end()) return;
  entry->second.running = false;
  entry->second.due_epoch = clock_.epochNs() + kRetryNs;
  entry->second.due_monotonic = clock_.monotonicNs() + kRetryNs;
}

std::int64_t Schedule::untilNext() const {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (const auto& [id, entry] : entries_) {
    if (!entry.running) least = std::min(least, std::max<std::int64_t>(untilDue(entry), 0));
  }
  return least;
}

std::int64_t Schedule::nextAt(const std::string& plugin) const {
  const auto entry = entries_.find(plugin);
  if (entry == entries_.end() || entry->second.running) return 0;
  return clock_.epochNs() + std::max<std::int64_t>(untilDue(entry->second), 0);
}

}  // namespace redflag::kernel
