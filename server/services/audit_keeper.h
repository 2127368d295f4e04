#pragma once
// Signs how far the audit log has come, keeps the newest such head beside the database, and looks once a day
// whether the log is whole.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>

#include "base/time.h"
#include "protocol/keys.h"
#include "store/audit_chain.h"
#include "store/audit_export.h"
#include "store/store.h"

namespace redflag::services {

class AuditKeeper {
 public:
  // `head_file`: where the newest head is kept, so that a log that is cut off afterwards is noticed.
  // `keep_ns`: how long records are kept.
  AuditKeeper(store::Store& store, protocol::SigningKey key, std::filesystem::path head_file,
              const Clock& clock, std::int64_t keep_ns);

  store::SignedHead head() const;  // of now [any thread]
  // See exportAudit(). [any thread]
  void exportTo(const store::AuditExport& what,
                const std::function<void(const std::string& line)>& line) const;
  // JSON lines, each with its end. http::Problem 413 where they were more than `max_bytes`. [any thread]
  std::string exported(const store::AuditExport& what, std::size_t max_bytes) const;

  struct Verification {
    std::int64_t at = 0;  // 0: not yet
    store::AuditVerdict verdict;
  };
  Verification last() const;  // [any thread]
  Verification verify();      // now [any thread]

  // Writes the head once a minute where there is a newer one; verifies at the first call and once a day after
  // it. Never throws: what is wrong is in the log. [one thread at a time]
  void tend(std::int64_t now_ns);
  // The next tend() writes the head, however little time has passed. [the thread of tend()]
  void keepSoon() { kept_at_ = 0; }
  // Whether the log still holds the record whose head was written last: the database is no older than that.
  bool standsOnKept() const;
  // The last thing before the store closes: the head of now is written. Never throws.
  void finish(std::int64_t now_ns);

 private:
  std::optional<store::SignedHead> kept() const;
  std::optional<store::SignedHead> telling(std::optional<store::SignedHead> head) const;
  std::string missingSince(const std::optional<store::SignedHead>& before) const;
  void keepHead(std::int64_t now_ns);

  store::Store& store_;
  const protocol::SigningKey key_;
  const std::filesystem::path head_file_;
  const Clock& clock_;
  const std::int64_t keep_ns_;
  mutable std::mutex mutex_;
  Verification last_;
  std::int64_t kept_at_ = 0;
  std::int64_t kept_seq_ = -1;
};

// A head that was written to a file. std::runtime_error names the file and what is wrong with it.
store::SignedHead readHeadFile(const std::filesystem::path& file);

}  // namespace redflag::services
