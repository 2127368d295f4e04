#pragma once
// The audit log: what people did and what was refused, in one append-only chain of hashes. Written by
// Events::record() and nothing else.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/grants.h"
#include "store/page.h"

namespace redflag::store {

struct AuditRecord {
  std::int64_t seq = 0;
  std::int64_t at = 0;    // whole milliseconds
  std::string client_id;  // "" where it is about the server itself
  std::string agent_id;
  std::string subsystem;
  std::string actor;
  std::string peer;
  std::string request_id;
  std::string kind;
  std::string text;
  std::string code;
  std::string severity;
  std::int64_t times = 1;  // how often it happened: a flood of the same is one record
  std::string command_id;
  std::string salt;      // random: a hash that is told betrays no content that could be guessed
  std::string previous;  // 32 raw bytes, of the record before
  std::string hash;      // 32 raw bytes
};

// How far the log has come, and where what is kept of it begins.
struct AuditHead {
  std::int64_t seq = 0;
  std::string hash;
  std::int64_t kept_after = 0;  // the newest record that is gone; 0: none is
  std::string kept_hash;        // of that one
};

struct AuditFilter {
  std::string client_id;  // each: "" for all
  std::string agent_id;
  std::string actor;
  std::string kind;      // "people" takes "people.…" too
  std::string severity;  // info | warning | error
  std::int64_t from = 0;
  std::int64_t to = INT64_MAX;  // not included
};

struct RefusalCount {
  std::string code;
  std::int64_t times = 0;
  std::int64_t newest_at = 0;
};

class Audit {
 public:
  virtual ~Audit() = default;

  virtual AuditHead head() const = 0;
  // Newest first.
  virtual Page<AuditRecord> list(const AuditFilter& filter, const http::Visible& visible,
                                 const PageRequest& page) const = 0;
  // In the log's order.
  virtual std::vector<AuditRecord> after(std::int64_t seq, std::size_t limit) const = 0;
  // What was refused, and alarms, by code (or kind, where there is none), the most frequent first.
  virtual std::vector<RefusalCount> refusalsSince(std::int64_t since) const = 0;

  // Forgets the oldest records, as far as all of them are from before `before`; at most `limit`. What was
  // forgotten is the log's own record of now. True: there may be more.
  virtual bool prune(std::int64_t before, std::int64_t now, int limit) = 0;
};

}  // namespace redflag::store
