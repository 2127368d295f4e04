#pragma once
// The thread that starts scans when they are due, and remembers over restarts when each plugin last ran.
// After a restart of the machine itself every plugin is due: another kernel may run, other services may have
// failed.

#include <condition_variable>
#include <filesystem>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "config/config.h"
#include "schedule/scanner.h"
#include "schedule/schedule.h"

namespace redflag::kernel {

class Scheduler {
 public:
  // `file`: for the times of last runs. `boot_id`: of the boot that runs; "" where none is known. Scanner and
  // clock outlive the scheduler.
  Scheduler(Scanner& scanner, std::filesystem::path file, const Clock& clock = systemClock(),
            std::string boot_id = {});
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  void start(const Config& config);
  // After the configuration changed. [any thread]
  void configure(const Config& config);
  // These plugins more often for a while, whatever the configuration says; again replaces, 0 ends it. Not
  // kept over a restart. [any thread]
  void hurry(const std::vector<std::string>& plugins, std::int64_t every_ns, std::int64_t for_ns);
  // Returns when every scan it started has ended; make the scanner stop first.
  void stop();

  std::int64_t nextAt(const std::string& plugin) const;   // ns since the epoch; 0: running or not scheduled
  std::int64_t lastRun(const std::string& plugin) const;  // ns since the epoch; 0: never

 private:
  struct Job {
    std::thread thread;
    bool done = false;
  };
  void run();
  void startScan(const std::string& plugin);
  void runScan(Job& job, const std::string& plugin);
  void joinDone(std::unique_lock<std::mutex>& lock, bool all);
  void save();
  void arrange();  // with the lock held

  struct Hurry {
    std::vector<std::string> plugins;
    std::int64_t every_ns = 0;
    std::int64_t until_ns = 0;  // monotonic
  };

  Scanner& scanner_;
  const std::filesystem::path file_;
  const std::string boot_id_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  const Clock& clock_;
  Schedule schedule_;
  std::vector<std::pair<std::string, ScheduleConfig>> entries_;  // as configured
  std::optional<Hurry> hurry_;
  std::list<Job> jobs_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace redflag::kernel
