#pragma once
#include "store/audit.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlAudit : public Audit {
 public:
  explicit SqlAudit(Connection& connection) : db_(connection) {}

  AuditHead head() const override;
  Page<AuditRecord> list(const AuditFilter& filter, const http::Visible& visible,
                         const PageRequest& page) const override;
  std::vector<AuditRecord> after(std::int64_t seq, std::size_t limit) const override;
  std::vector<RefusalCount> refusalsSince(std::int64_t since) const override;
  bool prune(std::int64_t before, std::int64_t now, int limit) override;

  // Like what is published, records wait for the end of the transaction: whoever appends keeps every other
  // from it until the commit.
  void append(AuditRecord record) { pending_.push_back(std::move(record)); }
  std::size_t pending() const { return pending_.size(); }
  void forgetPending(std::size_t keep) { pending_.resize(keep); }
  void writePending();

 private:
  Connection& db_;
  std::vector<AuditRecord> pending_;
};

}  // namespace redflag::store::sql
