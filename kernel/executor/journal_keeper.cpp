#include "executor/journal_keeper.h"

#include "executor/log.h"
#include "sqlite/database.h"

namespace redflag::kernel {
namespace {

constexpr const char* kGone =
    "the journal of orders carried out since this machine was enrolled is not there, so a repeated order "
    "could not be "
    "recognised: enrol the machine again";

}  // namespace

Result<> JournalKeeper::openExisting() {
  const std::lock_guard lock(mutex_);
  auto opened = openLocked(false);
  if (!opened && (opened.error().code == Code::kNotFound || opened.error().code == Code::kCorrupt)) {
    logLine("warning", "journal: " + opened.error().text);
    return {};  // forOrders() says what to do about it
  }
  return opened;
}

Result<> JournalKeeper::openLocked(bool create) {
  if (journal_) return {};
  auto journal = Journal::open(file(), create);
  if (!journal) return tl::unexpected<Error>(journal.error());
  journal_ = std::move(*journal);
  return {};
}

Result<Journal*> JournalKeeper::forOrders(const ExecutorTrust& trust) {
  const std::lock_guard lock(mutex_);
  auto opened = openLocked(trust.journal_id.empty());
  if (!opened && opened.error().code == Code::kCorrupt && trust.journal_id.empty()) {
    // Enrolled again since: orders for the agent it was are refused anyway.
    if (auto moved = sqlite::moveAside(file()); !moved) return tl::unexpected<Error>(moved.error());
    opened = openLocked(true);
  }
  if (!opened && opened.error().code == Code::kNotFound) return fail(Code::kConflict, kGone);
  if (!opened && opened.error().code == Code::kCorrupt) {
    return fail(Code::kConflict, opened.error().text + "; " + kGone);
  }
  if (!opened) return tl::unexpected<Error>(opened.error());
  if (trust.journal_id.empty()) {
    ExecutorTrust bound = trust;
    bound.journal_id = journal_->id();
    if (auto saved = saveExecutorTrust(folder_, bound); !saved) return tl::unexpected<Error>(saved.error());
  } else if (trust.journal_id != journal_->id()) {
    return fail(Code::kConflict, kGone);
  }
  return journal_.get();
}

Journal* JournalKeeper::current() {
  const std::lock_guard lock(mutex_);
  return journal_.get();
}

}  // namespace redflag::kernel
