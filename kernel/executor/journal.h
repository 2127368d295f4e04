#pragma once
// Every order this machine ever accepted, durable before anybody is told: the reason why nothing runs twice.
// The journal is the queue as well. Each change is one transaction, on disk when the call returns; kIo or
// kCorrupt when it is not. Threads: any; calls are serialised inside.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "executor/order.h"
#include "executor/process_tree.h"

namespace redflag::kernel::sqlite {
class Database;
}  // namespace redflag::kernel::sqlite

namespace redflag::kernel {

// waiting -> planning -> installing (-> repairing, or -> rebooting) -> done. Planning may be begun again;
// installing, which is also any other action that runs, never is.
enum class Phase { kWaiting, kPlanning, kInstalling, kRepairing, kRebooting, kDone };

struct JournalEntry {
  Order order;
  Phase phase = Phase::kWaiting;
  // Of its state as others see it (accepted, running, result): made when the state is entered, told each
  // time.
  std::string event_id;
  std::int64_t entered_at = 0;  // ns since the epoch
  // When and in which boot it was accepted; the clock on the wall may be set meanwhile.
  std::int64_t accepted_at = 0;
  std::int64_t accepted_monotonic = 0;
  std::string accepted_boot;
  // Of the host that installs or repairs; pid 0 until it is known. It began at `begun_monotonic`.
  ProcessMark host;
  std::int64_t begun_monotonic = 0;
  bool needs_reboot = false;  // says the plan
  // Final when done; while repairing, what is being repaired; while an action runs, its boot; while
  // rebooting, what was promised.
  Outcome outcome;
};

class Journal {
 public:
  // Makes it when there is none and `create`; kNotFound when there is none. kCorrupt: damaged, or no journal
  // of ours.
  static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& file, bool create);
  ~Journal();

  const std::string& id() const { return id_; }  // 26 characters, made with the file
  Result<std::optional<JournalEntry>> find(const std::string& command_id);
  // The highest restore epoch of any accepted order.
  Result<std::int64_t> epochFloor();

  Result<JournalEntry> accept(const Order& order, std::int64_t now_ns, std::int64_t monotonic_ns,
                              const std::string& boot_id);
  // waiting -> planning. False when it was cancelled meanwhile.
  Result<bool> begin(JournalEntry& entry, std::int64_t now_ns);
  // Stores phase, host, begun_monotonic, needs_reboot and outcome of a begun entry.
  Result<> update(const JournalEntry& entry);
  Result<> finish(JournalEntry& entry, Outcome outcome, std::int64_t now_ns);
  // waiting -> done, cancelled. nullopt when it is not waiting.
  Result<std::optional<JournalEntry>> cancel(const std::string& command_id, std::int64_t now_ns);
  // The kernel has the result. True the first time; nothing happens unless it is done.
  Result<bool> acknowledge(const std::string& command_id);

  // Those that wait for the machine to come back.
  Result<std::vector<JournalEntry>> rebooting();
  // The installs and rollbacks that next() passes over then, oldest first.
  Result<std::vector<JournalEntry>> held(std::int64_t held_after);
  // What is begun and neither done nor rebooting, then the oldest that waits, but for installs and rollbacks
  // that expire after `held_after`.
  Result<std::optional<JournalEntry>> next(std::int64_t held_after = INT64_MAX);
  // Not acknowledged, oldest first.
  Result<std::vector<JournalEntry>> unacknowledged();
  Result<std::int64_t> waiting();

 private:
  explicit Journal(std::unique_ptr<sqlite::Database> database);
  Result<> prepareSchema(bool create);
  Result<std::optional<JournalEntry>> findLocked(const std::string& command_id);
  Result<> store(const JournalEntry& entry, const char* expected_phase);
  Result<std::vector<JournalEntry>> all(const std::string& condition);

  std::mutex mutex_;
  std::unique_ptr<sqlite::Database> database_;
  std::string id_;
};

}  // namespace redflag::kernel
