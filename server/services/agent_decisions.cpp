#include "services/agent_decisions.h"

#include <algorithm>

#include "http/message.h"
#include "store/events.h"

namespace redflag::services {
namespace {

bool may(const Actor& actor, const store::AgentKey& agent, const char* role) {
  return http::atLeast(actor.grants.roleOver(agent.client_id, agent.site_id), role);
}

// What the actor does not see is not there.
store::AgentKey agentIn(const store::ReadTransaction& tx, const std::string& agent_id, const Actor& actor,
                        const char* role) {
  auto key = tx.agents().key(agent_id);
  if (!key || !actor.grants.visible().includes(key->client_id, key->site_id))
    throw http::Problem{404, "agent.not_found", "there is no such agent"};
  if (!may(actor, *key, role)) throw http::Problem{403, "role.insufficient", "your role does not allow this"};
  return std::move(*key);
}

void decided(store::WriteTransaction& tx, const store::AgentKey& agent, const std::string& kind,
             const std::string& what, const Decision& decision, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "security";
  entry.actor = decision.actor.name;
  entry.kind = kind;
  entry.text = what + ": " + decision.reason;
  entry.severity = "warning";
  tx.events().record(agent.client_id, agent.agent_id, entry);
  tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
}

store::Line chosen(const std::vector<store::Line>& lines, const std::string& named,
                   const store::Standing& standing) {
  const bool obvious = named.empty() && (lines.size() == 1 || standing.state == "restored");
  if (named.empty() && !obvious) {
    throw http::Problem{400, "agent.document_required",
                        "more than one machine is this agent: expected the id of the document to go on with",
                        "/document"};
  }
  const std::string& id = !named.empty() ? named : lines.size() == 1 ? lines.front().id : standing.line;
  for (const store::Line& line : lines)
    if (line.id == id) return line;
  throw http::Problem{400, "agent.no_such_document", "expected the id of one of the agent's documents",
                      "/document"};
}

}  // namespace

void AgentDecisions::accept(const std::string& agent_id, const std::string& line, const Decision& decision) {
  context_.store.write([&](store::WriteTransaction& tx) {
    acceptIn(tx, agentIn(tx, agent_id, decision.actor, "approver"), line, decision);
  });
}

void AgentDecisions::acceptIn(store::WriteTransaction& tx, const store::AgentKey& agent,
                              const std::string& named, const Decision& decision) const {
  const std::int64_t now = context_.now();
  const store::Standing before = tx.agents().standing(agent);
  if (before.state == "active" || before.state == "revoked") {
    throw http::Problem{409, "agent.not_waiting",
                        "there is nothing to accept: this agent is " + before.state};
  }
  const store::Line line = chosen(tx.agents().lines(agent), named, before);
  tx.agents().endLines(agent, line.id, now);
  tx.agents().setStanding(agent, {"active", "", now, line.id, line.number});
  decided(tx, agent, "agent.accepted", "accepted, after it was " + before.state, decision, now);
  // It has orders to fetch, and other copies' doorbells close.
  tx.afterCommit([bell = &context_.bell, id = agent.agent_id] { bell->ring(id); });
}

std::vector<std::string> AgentDecisions::acceptRestored(const std::vector<std::string>& agent_ids,
                                                        const Decision& decision) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    std::vector<std::string> skipped;
    auto agents = tx.agents().keys({agent_ids.begin(), agent_ids.end()});
    for (const std::string& id : agent_ids) {
      const auto agent = agents.find(id);
      if (agent != agents.end() && agent->second.standing.state == "restored" &&
          may(decision.actor, agent->second, "approver")) {
        acceptIn(tx, agent->second, "", decision);
        agents.erase(agent);  // it waits no more, should it be named twice
      } else {
        skipped.push_back(id);
      }
    }
    return skipped;
  });
}

void AgentDecisions::revoke(const std::string& agent_id, const Decision& decision) {
  const std::int64_t now = context_.now();
  context_.store.write([&](store::WriteTransaction& tx) {
    const store::AgentKey agent = agentIn(tx, agent_id, decision.actor, "admin");
    if (agent.standing.state == "revoked")
      throw http::Problem{409, "agent.revoked", "this agent was revoked already"};
    tx.agents().removeLines(agent);
    tx.agents().setStanding(agent, {"revoked", decision.reason, now, "", 0});
    decided(tx, agent, "agent.revoked", "revoked", decision, now);
    endsWith(tx, context_.endings, {Ending::What::kAgent, agent.agent_id, ""});
    tx.afterCommit([bell = &context_.bell, id = agent.agent_id] { bell->ring(id); });
  });
}

}  // namespace redflag::services
