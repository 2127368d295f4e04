#pragma once
#include "store/sql/connection.h"
#include "store/updates.h"

namespace redflag::store::sql {

class SqlUpdates : public Updates {
 public:
  explicit SqlUpdates(Connection& connection) : db_(connection) {}

  Page<Update> list(const UpdateFilter& filter, const http::Visible& visible, const Contact& contact,
                    const PageRequest& page) const override;
  Page<UpdateGroup> groups(const UpdateFilter& filter, const http::Visible& visible,
                           const PageRequest& page) const override;
  UpdateTotals totals(const http::Visible& visible) const override;
  UpdateEvidence evidence(const Update& update) const override;
  std::vector<UpdateRow> rows(const UpdateRowFilter& filter, const http::Visible& visible) const override;
  std::vector<KnownUpdate> known(const AgentKey& agent, const std::string& plugin) const override;
  bool awaitsProof(const AgentKey& agent, const std::string& plugin) const override;
  std::vector<Rebooted> rebooted(const Rebooted& after, std::size_t limit) const override;
  void markVerifyOrdered(const Rebooted& rebooted) override;
  std::vector<KnownUpdate> ofCommand(const AgentKey& agent, const std::string& command_id) const override;
  std::string add(const AgentKey& agent, const std::string& plugin, const std::string& scope,
                  const UpdateRecord& record, const std::string& digest, std::int64_t now) override;
  void refresh(const AgentKey& agent, const std::string& update_id, const std::string& scope,
               const UpdateRecord& record, const std::string& digest) override;
  void setListed(const AgentKey& agent, const std::string& update_id, bool listed) override;
  void setProof(const AgentKey& agent, const Proof& proof) override;
  using Updates::advanceAll;
  std::size_t advanceAll(const std::vector<UpdateStep>& steps, std::int64_t now) override;

 private:
  Connection& db_;
};

// Of updates by this alias. One comparison each, since SQLite would look every row up in a table made of a
// list.
inline std::string notClosedSql(const std::string& alias) {
  return "(" + alias + ".state <> 'verified' AND " + alias + ".state <> 'superseded' AND " + alias +
         ".state <> 'resolved_elsewhere')";
}
// What is ignored is counted by itself.
inline std::string openSql(const std::string& alias) {
  return "(" + notClosedSql(alias) + " AND " + alias + ".state <> 'ignored')";
}
// Of updates `u`: something on the agent can install it.
constexpr const char* kHasUpdaterSql =
    "EXISTS (SELECT 1 FROM agent_plugins p WHERE p.client_id = u.client_id AND p.agent_id = u.agent_id "
    "AND p.plugin = u.manager AND p.is_updater = 1 AND p.state = 'ok')";

}  // namespace redflag::store::sql
