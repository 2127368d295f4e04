#pragma once
// Binds journal and trust file together: an order is only accepted with the journal the trust file names.

#include <filesystem>
#include <memory>
#include <mutex>

#include "executor/journal.h"
#include "executor/trust_file.h"

namespace redflag::kernel {

class JournalKeeper {
 public:
  explicit JournalKeeper(std::filesystem::path state_folder) : folder_(std::move(state_folder)) {}

  // Opens the journal if there is one, so that what it left running is taken up whatever the trust file says.
  Result<> openExisting();
  // The journal for new orders. The first one after an enrolment is made, and its id noted in the trust file.
  // kConflict: the trust file names a journal that is gone or damaged, or another one.
  Result<Journal*> forOrders(const ExecutorTrust& trust);
  // nullptr while none is open. Stays valid as long as the keeper.
  Journal* current();

 private:
  Result<> openLocked(bool create);
  std::filesystem::path file() const { return folder_ / "journal.sqlite"; }

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::unique_ptr<Journal> journal_;
};

}  // namespace redflag::kernel
