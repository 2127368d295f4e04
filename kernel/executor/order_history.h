#pragma once
// The steps of orders in the log: base/history_line.h.

#include <filesystem>
#include <string>

#include "executor/journal.h"

namespace redflag::kernel {

class OrderHistory {
 public:
  // `state_folder`: whose agent this is, is read there each time.
  explicit OrderHistory(std::filesystem::path state_folder) : state_folder_(std::move(state_folder)) {}

  // `entry` as it is now; `from`: the state it has left, "" where it is new. [any thread]
  void entered(const JournalEntry& entry, const char* from) const;
  void refused(const std::string& command_id, const std::string& code, std::int64_t at_ns) const;

 private:
  std::filesystem::path state_folder_;
};

}  // namespace redflag::kernel
