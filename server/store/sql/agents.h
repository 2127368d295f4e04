#pragma once
#include "store/agents.h"
#include "store/sql/connection.h"
#include "store/sql/select.h"

namespace redflag::store::sql {

class SqlAgents : public Agents {
 public:
  explicit SqlAgents(Connection& connection) : db_(connection) {}

  std::vector<Client> clients(const http::Visible& visible) const override;
  void addClient(const Client& client, std::int64_t now) override;
  void addSite(const std::string& client_id, const Place& site, std::int64_t now) override;
  void renameClient(const std::string& client_id, const std::string& name) override;
  void renameSite(const std::string& site_id, const std::string& name) override;
  void setTimeZone(const std::string& site_id, const std::string& time_zone) override;
  PlaceContents contents(const std::string& client_id, const std::string& site_id,
                         std::int64_t now) const override;
  void removeClient(const std::string& client_id) override;
  void removeSite(const std::string& client_id, const std::string& site_id) override;
  void move(const AgentKey& agent, const std::string& site_id) override;
  Page<Agent> list(const AgentFilter& filter, const http::Visible& visible, const Contact& contact,
                   const PageRequest& page) const override;
  std::int64_t count(const AgentFilter& filter, const http::Visible& visible,
                     const Contact& contact) const override;
  std::optional<Agent> find(const std::string& agent_id, const http::Visible& visible,
                            const Contact& contact) const override;
  std::optional<AgentKey> key(const std::string& agent_id) const override;
  std::map<std::string, AgentKey> keys(const std::set<std::string>& agent_ids) const override;
  LastStatus lastStatus(const AgentKey& agent) const override;
  std::vector<AgentPlugin> plugins(const AgentKey& agent) const override;
  std::map<std::string, Recipient> recipients(const std::set<std::string>& agent_ids,
                                              const http::Visible& visible) const override;
  std::vector<Breaker> breakers(const AgentKey& agent) const override;
  Standing standing(const AgentKey& agent) const override;
  std::vector<Line> lines(const AgentKey& agent) const override;
  std::vector<Line> endedLines(const AgentKey& agent) const override;
  AgentTotals totals(const http::Visible& visible, const Contact& contact) const override;
  Enrolled enrol(const NewAgent& agent, const std::string& token_secret_hash, std::int64_t now) override;
  void addToken(const EnrolmentToken& token, const std::string& secret_hash) override;
  std::vector<EnrolmentToken> tokens(const http::Visible& visible) const override;
  std::optional<EnrolmentToken> token(const std::string& token_id,
                                      const http::Visible& visible) const override;
  bool pruneTokens(std::int64_t before, int limit) override;
  void revokeToken(const std::string& token_id, std::int64_t now) override;
  void revokeAllTokens(std::int64_t now) override;
  std::string handedTrust() const override;
  void setHandedTrust(const std::string& mark) override;
  void revokeRebinds(const std::string& agent_id, std::int64_t now) override;
  void setStanding(const AgentKey& agent, const Standing& standing) override;
  void setKey(const AgentKey& agent, const std::string& public_key) override;
  void handOverKey(const AgentKey& agent, const std::string& public_key, std::int64_t until) override;
  void endOldKey(const AgentKey& agent) override;
  void holdActive(const std::string& reason, std::int64_t now) override;
  void expectAhead() override;
  void putLine(const AgentKey& agent, const Line& line) override;
  void endLines(const AgentKey& agent, const std::string& but, std::int64_t now) override;
  void removeLines(const AgentKey& agent) override;
  void setStatus(const AgentKey& agent, const AgentStatus& status) override;
  AuthorityReach authorityReach(const std::string& authority_mark, std::int64_t seen_since) const override;
  void setBreaker(const AgentKey& agent, const Breaker& breaker) override;
  void trimBreakers(const AgentKey& agent, std::int64_t keep) override;
  void touch(const AgentKey& agent, std::int64_t now) override;
  void seenByNow(std::int64_t now) override;
  void touchAll(const std::vector<std::string>& agent_ids, std::int64_t now) override;
  std::vector<AgentOfClient> setDoorbells(const std::vector<std::string>& agent_ids,
                                          const std::string& server_id, bool connected,
                                          std::int64_t now) override;
  std::set<std::string> withoutDoorbell() const override;
  std::vector<LivingServer> servers() const override;
  bool renewServer(const LivingServer& server) override;
  void forgetServer(const LivingServer& server) override;
  void clearStrayDoorbells() override;
  bool hasUntoldSilence(std::int64_t until) const override;
  std::vector<AgentKey> takeUntoldSilence(std::int64_t until, int limit) override;

 private:
  bool mayStillMint(const EnrolmentToken& token) const;
  std::vector<Line> linesWhere(const AgentKey& agent, const char* condition) const;
  std::int64_t seatsTaken(const EnrolmentToken& token) const;
  std::vector<EnrolmentToken> tokensWhere(const Conditions& where) const;
  std::optional<AgentKey> keyOf(const std::string& public_key, std::string& token_id) const;

  Connection& db_;
};

// "connected", "silent" or "never" of agents `a`; its one parameter is Contact's now - silent_after_ns.
constexpr const char* kConnectionSql =
    "(CASE WHEN a.last_seen_at = 0 THEN 'never' WHEN a.doorbell = 1 OR a.last_seen_at >= ? THEN 'connected' "
    "ELSE 'silent' END)";
inline std::int64_t contactLimit(const Contact& contact) {
  return contact.now - contact.silent_after_ns;
}

}  // namespace redflag::store::sql
