#pragma once
// A host whose services are recorded, or played back from a recording.

#include <memory>
#include <mutex>

#include "redflag/abi.h"
#include "validator/recording.h"

namespace redflag::validator {

class Tape {
 public:
  // Asks `real`, and keeps what it answered in `into`.
  static std::unique_ptr<Tape> record(const rf_host* real, Recording& into);
  // Answers as `from` does, as `mutator` changes it; what was never asked for is not there. Log, clock,
  // progress and kept values are `real`'s.
  static std::unique_ptr<Tape> play(const rf_host* real, const Recording& from, Mutator mutator);
  virtual ~Tape() = default;
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  const rf_host* host() const { return &host_; }

 protected:
  explicit Tape(const rf_host* real);
  // The answer to a call. Threads: any, one at a time.
  virtual ServiceCall answer(ServiceCall asked, std::uint64_t max_bytes, const rf_exec_options* options) = 0;
  const void* realService(const char* id) const;

 private:
  static const void* find(const rf_host* table, rf_str id);
  rf_status call(ServiceCall asked, std::uint64_t max_bytes, const rf_exec_options* options, rf_sink out,
                 rf_sink err, ServiceCall& answered);
  template <class Table>
  static Tape& selfOf(const Table* table) {
    return *static_cast<Tape*>(table->service_data);
  }

  const rf_host* real_;
  std::mutex mutex_;
  rf_host host_{};
  rf_file_1 file_{};
  rf_exec_1 exec_{};
};

}  // namespace redflag::validator
