#pragma once
// When each plugin is due: the rules alone, without threads or disk. A plugin nothing is known of is due at
// once; after a restart the last run counts, so that restarting the agent does not scan again. Threads: one
// at a time.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/config.h"

namespace redflag::kernel {

class Schedule {
 public:
  // Up to the given number of nanoseconds, evenly.
  using Jitter = std::function<std::int64_t(std::int64_t)>;
  // Plugin -> when its last run ended, ns since the epoch.
  using LastRuns = std::map<std::string, std::int64_t>;

  // `clock` outlives the schedule.
  Schedule(const Clock& clock, Jitter jitter, LastRuns last_runs);

  // These plugins from now on; another interval counts from the last run.
  void configure(const std::vector<std::pair<std::string, ScheduleConfig>>& plugins);

  // Those whose time has come and that are not running. They count as running until finished() or lost().
  std::vector<std::string> takeDue();
  void finished(const std::string& plugin);
  // It ran for nothing, because what it found could not be kept: it is tried again soon.
  void lost(const std::string& plugin);

  // Until the next one is due; INT64_MAX when all run or there are none.
  std::int64_t untilNext() const;
  // ns since the epoch; 0 when it is not scheduled or runs.
  std::int64_t nextAt(const std::string& plugin) const;
  const LastRuns& lastRuns() const { return last_runs_; }

 private:
  struct Entry {
    ScheduleConfig config;
    // By both clocks: the monotonic one stands still while the machine sleeps, the other one can be set.
    std::int64_t due_monotonic = 0;
    std::int64_t due_epoch = 0;
    bool running = false;
  };
  void plan(Entry& entry, std::int64_t last_run) const;
  std::int64_t untilDue(const Entry& entry) const;

  const Clock& clock_;
  Jitter jitter_;
  LastRuns last_runs_;
  std::map<std::string, Entry> entries_;
};

}  // namespace redflag::kernel
