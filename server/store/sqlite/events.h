#pragma once
#include "store/events.h"
#include "store/sqlite/connection.h"

namespace redflag::store::sqlite {

class SqliteEvents : public Events {
 public:
  explicit SqliteEvents(Connection& connection) : db_(connection) {}

  void record(const std::string& client_id, const std::string& agent_id, const HistoryEntry& entry) override;
  Page<HistoryEntry> history(const std::string& client_id, const std::string& agent_id,
                             const PageRequest& page) const override;
  std::int64_t countSince(const std::string& kind, std::int64_t since) const override;
  void publish(const std::string& client_id, const std::string& type, const Json& data,
               std::int64_t now) override;
  std::vector<http::Event> after(std::int64_t seq, std::size_t limit) const override;
  std::int64_t newest() const override;
  void prune(std::int64_t keep, std::int64_t before, int limit) override;

  // Whether this transaction has written to the outbox.
  bool published() const { return published_; }

 private:
  Connection& db_;
  bool published_ = false;
};

}  // namespace redflag::store::sqlite
