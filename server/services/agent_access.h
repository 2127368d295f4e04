#pragma once
// What agents are let in with: access and refresh tokens, and whether an agent's state was copied.

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "auth/access_tokens.h"
#include "auth/interfaces.h"
#include "base/json.h"
#include "protocol/state_document.h"
#include "services/context.h"

namespace redflag::services {

struct Credentials {
  std::string access_token;
  std::int64_t expires_in_s = 0;
  std::string refresh_token;  // 32 raw bytes
};

struct Renewal {
  std::string refresh_token;  // 32 raw bytes
  Json document;              // sdk/protocol/state_document.h
};

// A new line for an agent that has just enrolled, in the transaction of the enrolment.
store::Line firstLine(const Context& context, const std::string& agent_id, const std::string& peer);

// One entry of the agent's history that people have to see; subsystem "security".
void alarm(store::WriteTransaction& tx, const store::AgentKey& agent, const std::string& code,
           const std::string& text, std::int64_t now);

class AgentAccess : public auth::AgentDirectory {
 public:
  explicit AgentAccess(const Context& context) : context_(context) {}

  std::optional<auth::AgentIdentity> findAgent(const std::string& agent_id) const override;
  bool lineSeen(const auth::AgentIdentity& agent, const std::string& line) override;
  void refused(const auth::AgentIdentity& agent, const std::string& code, const std::string& peer) override;

  // The first ones, again and again until the agent has used them; nullopt from then on.
  std::optional<Credentials> first(const store::AgentKey& agent) const;
  // The next ones. http::Problem 400 for what is malformed, 403 token.wrong_agent, 401 refresh.unknown,
  // refresh.expired or refresh.too_many_copies: then only a new enrolment helps.
  Credentials renew(const store::AgentKey& agent, const Renewal& renewal, const std::string& peer);

 private:
  struct Outcome;
  Outcome renewIn(store::WriteTransaction& tx, const store::AgentKey& agent, const Renewal& renewal,
                  const protocol::OpenedDocument& opened, const std::string& peer) const;
  void fork(store::WriteTransaction& tx, const store::AgentKey& agent, store::Standing standing,
            const store::Line& from, const store::Line& line) const;
  void setBack(store::WriteTransaction& tx, const store::AgentKey& agent, store::Standing& standing) const;
  void seenAlive(store::WriteTransaction& tx, const store::AgentKey& agent, const store::Line& line) const;
  Credentials credentials(const store::AgentKey& agent, const store::Line& line) const;
  bool mayRecord(const std::string& agent_id, const std::string& code);

  const Context& context_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::int64_t> recorded_at_;  // by agent and code
};

}  // namespace redflag::services
