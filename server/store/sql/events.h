#pragma once
#include "store/events.h"
#include "store/sql/audit.h"
#include "store/sql/connection.h"
#include "store/sql/errors.h"

namespace redflag::store::sql {

class SqlEvents : public Events {
 public:
  SqlEvents(Connection& connection, SqlAudit& audit, SqlErrors& errors)
      : db_(connection), audit_(audit), errors_(errors) {}

  void record(const std::string& client_id, const std::string& agent_id, const HistoryEntry& entry) override;
  Page<HistoryEntry> history(const std::string& client_id, const std::string& agent_id,
                             const PageRequest& page) const override;
  std::int64_t countSince(const std::string& kind, std::int64_t since,
                          const http::Visible& visible) const override;
  void publish(const std::string& client_id, const std::string& type, const Json& data,
               std::int64_t now) override;
  std::vector<http::Event> after(std::int64_t seq, std::size_t limit, const http::Visible& visible,
                                 std::int64_t up_to) const override;
  std::int64_t newest() const override;
  bool prune(std::int64_t keep, std::int64_t before, int limit) override;

  // What was published waits for the end of the transaction: numbers of the outbox are given out one
  // transaction after another, and the wait for one's turn is short only there.
  std::size_t published() const { return published_.size(); }
  void forgetPublished(std::size_t keep) { published_.resize(keep); }
  bool writePublished();  // false: there was nothing

  // So does what was recorded, all of it in few statements: until then history() tells nothing of it.
  std::size_t recorded() const { return recorded_.size(); }
  void forgetRecorded(std::size_t keep) { recorded_.resize(keep); }
  void writeRecorded();

 private:
  struct Recorded {
    std::string client_id;
    std::string agent_id;
    HistoryEntry entry;
  };
  struct Publication {
    std::int64_t at = 0;
    std::string client_id;
    std::string agent_id;
    std::string type;
    std::string data;
  };

  void audit(const std::string& client_id, const std::string& agent_id, const HistoryEntry& entry);

  Connection& db_;
  SqlAudit& audit_;
  SqlErrors& errors_;
  std::vector<Recorded> recorded_;
  std::vector<Publication> published_;
};

}  // namespace redflag::store::sql
