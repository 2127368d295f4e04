#pragma once
// SQLite on a disk that fails: wraps the default VFS of this process, and lets the n-th call of one kind
// fail, once or from then on. SQLite's own test-suite does the same (its I/O error tests).

#include <filesystem>
#include <string>

namespace redflag::testing {

class FailingDisk {
 public:
  enum class Call { kWrite, kShortWrite, kSync };

  // Registers itself as the default; databases opened while it lives use it.
  FailingDisk();
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  // The n-th from now (1: the next) fails, and when `for_good` every later one of this kind.
  void fail(Call call, int nth, bool for_good);
  void mend();
  bool failed() const;  // since fail()
};

}  // namespace redflag::testing
