#pragma once
// The kernel's durable record of orders: why the same order delivered twice is carried out once, and why a
// crash between an order's end and its report loses neither. For orders the executor carries out it remembers
// only whom they went to; the executor has a journal of its own. Threads: any.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/database.h"

namespace redflag::kernel {

struct OrderRecord {
  enum class Runner { kKernel, kExecutor };

  std::string command_id;
  std::string identity;  // protocol::identityHash()
  Runner runner = Runner::kKernel;
  std::string body;           // protocol::encodeEnvelope(): what is run, also after a restart
  std::string accepted_item;  // the report "accepted", as the spool got it: repeated byte by byte
  std::int64_t expires_at = 0;
  bool finished = false;
  std::string outcome_item;  // the final report; "" until finished
  bool reported = false;     // the outcome is in the spool
  bool verify_due = false;   // an install has ended and the scan that proves it has not run yet
};

class OrderJournal {
 public:
  // Makes an empty one in place of whatever is there, and answers its id for the identity.
  static Result<std::string> create(const std::filesystem::path& file);
  // kNotFound or kCorrupt when it is not the journal of this id: nobody can tell any more what was carried
  // out, and the agent must be enrolled again.
  static Result<std::unique_ptr<OrderJournal>> open(const std::filesystem::path& file,
                                                    const std::string& journal_id);

  Result<std::optional<OrderRecord>> find(const std::string& command_id);
  // kConflict when the id is already there.
  Result<> accept(const OrderRecord& record);
  // Once: kConflict when it has ended already, so that an order has one outcome. On disk when it returns.
  Result<> finish(const std::string& command_id, const std::string& outcome_item);
  Result<> setReported(const std::string& command_id);
  Result<> setVerifyDue(const std::string& command_id, bool due);

  // The kernel's own that have not ended, oldest first.
  Result<std::vector<OrderRecord>> unfinished();
  // Ended, and not yet in the spool.
  Result<std::vector<OrderRecord>> unreported();
  Result<std::vector<OrderRecord>> verifyDue();
  // Forgets what ended and expired long enough ago that its envelope can never be accepted again, but none of
  // the newest few hundred.
  Result<> prune(std::int64_t now_ns);

 private:
  explicit OrderJournal(sqlite::Database database) : database_(std::move(database)) {}
  Result<std::vector<OrderRecord>> select(const std::string& condition);
  Result<> change(const char* sql, const std::string& command_id, const std::string& value);

  std::mutex mutex_;
  sqlite::Database database_;
};

}  // namespace redflag::kernel
