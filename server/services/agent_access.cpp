#include "services/agent_access.h"

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/state_document.h"
#include "services/line_judgement.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using Kind = LineJudgement::Kind;

constexpr std::int64_t kRefreshLifeNs = 90 * 86'400 * kSecondNs;
constexpr std::size_t kMaxLines = 8;  // more copies of one agent get nothing at all
constexpr std::int64_t kRecordEveryNs = 600 * kSecondNs;
constexpr std::size_t kMaxRecorded = 10'000;

void told(store::WriteTransaction& tx, const store::AgentKey& agent, std::int64_t now) {
  tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
}

std::string textOf(const std::string& code) {
  if (code == "signature.replayed") return "a request of this agent's was sent again by somebody";
  if (code == "signature.old_key")
    return "a request of this agent's was signed with the key that it had before the present one";
  if (code == "key.wrong_agent") return "this agent's key signed a hand-over in another agent's name";
  if (code == "key.conflict")
    return "a key was handed over that is this agent's no more: two hold it, and one of them was quicker";
  if (code == "token.invalid")
    return "a request with this agent's key and no access token of its own was refused";
  if (code == "token.ended") return "a copy of this agent asked that was ended when another one was accepted";
  if (code == "token.wrong_agent") return "this agent's key signed a state document in another agent's name";
  return "a request in this agent's name was refused: it was not signed with the agent's key";
}

}  // namespace

void alarm(store::WriteTransaction& tx, const store::AgentKey& agent, const std::string& code,
           const std::string& text, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "security";
  entry.actor = "server";
  entry.kind = entry.code = code;
  entry.text = text;
  entry.severity = "error";
  tx.events().record(agent.client_id, agent.agent_id, entry);
}

store::Line firstLine(const Context& context, const std::string& agent_id, const std::string& peer) {
  store::Line line;
  line.id = newId();
  line.token_hash = protocol::tokenHash(context.tokens->refreshToken(agent_id, line.id, 0));
  line.peer = peer;
  line.began_at = line.seen_at = context.now();
  line.expires_at = line.began_at + kRefreshLifeNs;
  return line;
}

std::optional<auth::AgentIdentity> AgentAccess::findAgent(const std::string& agent_id) const {
  const auto key =
      context_.store.read([&](const store::ReadTransaction& tx) { return tx.agents().key(agent_id); });
  if (!key) return std::nullopt;
  return auth::AgentIdentity{key->agent_id,      key->client_id,       key->public_key, key->standing.state,
                             key->standing.line, key->standing.number, key->old_key,    key->old_key_until};
}

bool AgentAccess::lineSeen(const auth::AgentIdentity& agent, const std::string& line_id) {
  const store::AgentKey key{agent.agent_id, agent.client_id, {}, agent.public_key};
  return context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
    for (store::Line line : tx.agents().lines(key)) {
      if (line.id != line_id) continue;
      line.seen_at = context_.now();
      tx.agents().putLine(key, line);
      seenAlive(tx, key, line);
      return true;
    }
    return false;
  });
}

// Whoever is on another line than the newest, once that one was there, is a second holder.
void AgentAccess::seenAlive(store::WriteTransaction& tx, const store::AgentKey& agent,
                            const store::Line& line) const {
  store::Standing standing = tx.agents().standing(agent);
  if (standing.state != "restored" || line.id == standing.line) return;
  standing.state = "cloned";
  standing.reason = "two machines hold this agent's key and state, and both were heard of";
  standing.since = context_.now();
  tx.agents().setStanding(agent, standing);
  alarm(tx, agent, "agent.cloned", standing.reason, standing.since);
  told(tx, agent, standing.since);
}

bool AgentAccess::mayRecord(const std::string& agent_id, const std::string& code) {
  const std::int64_t now = context_.clock.monotonicNs();
  const std::lock_guard lock(mutex_);
  if (recorded_at_.size() >= kMaxRecorded)
    std::erase_if(recorded_at_, [&](const auto& entry) { return now - entry.second >= kRecordEveryNs; });
  if (recorded_at_.size() >= kMaxRecorded) return false;
  const auto [entry, fresh] = recorded_at_.try_emplace({agent_id, code}, now);
  if (!fresh && now - entry->second < kRecordEveryNs) return false;
  entry->second = now;
  return true;
}

void AgentAccess::refused(const auth::AgentIdentity& agent, const std::string& code,
                          const std::string& peer) {
  if (!mayRecord(agent.agent_id, code)) return;
  const store::AgentKey key{agent.agent_id, agent.client_id, {}, {}};
  const std::int64_t now = context_.now();
  context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
    alarm(tx, key, code, textOf(code) + " (from " + peer + ")", now);
    if (!agent.client_id.empty()) tx.events().publish(agent.client_id, "refusal", Json::object(), now);
  });
}

Credentials AgentAccess::credentials(const store::AgentKey& agent, const store::Line& line) const {
  const std::int64_t now_s = context_.now() / kSecondNs;
  const auth::AccessClaims claims{
      agent.agent_id, agent.client_id, auth::keyThumbprint(agent.public_key), line.id,
      line.number,    now_s,           now_s + context_.tokens->lifeS(),      newId()};
  return {context_.tokens->issue(claims), context_.tokens->lifeS(),
          context_.tokens->refreshToken(agent.agent_id, line.id, line.number)};
}

std::optional<Credentials> AgentAccess::first(const store::AgentKey& agent) const {
  const auto lines =
      context_.store.read([&](const store::ReadTransaction& tx) { return tx.agents().lines(agent); });
  if (lines.size() != 1 || lines.front().number != 0) return std::nullopt;
  return credentials(agent, lines.front());
}

struct AgentAccess::Outcome {
  Kind kind = Kind::kUnknown;
  bool too_many = false;
  store::Line line;
};

Credentials AgentAccess::renew(const store::AgentKey& agent, const Renewal& renewal,
                               const std::string& peer) {
  const auto opened = protocol::openStateDocument(renewal.document, agent.public_key);
  if (!opened) throw http::Problem{400, "request.invalid", opened.error().text, "/document"};
  if (opened->document.agent_id != agent.agent_id) {
    refused({agent.agent_id, agent.client_id, agent.public_key, "active", "", 0}, "token.wrong_agent", peer);
    throw http::Problem{403, "token.wrong_agent", "the document is another agent's", "/document"};
  }
  if (opened->document.previous != protocol::tokenHash(renewal.refresh_token)) {
    throw http::Problem{400, "request.invalid",
                        "document.previous: expected the hash of the refresh token it comes with",
                        "/document"};
  }
  const Outcome outcome = context_.store.writeOf(agent.agent_id, [&](store::WriteTransaction& tx) {
    return renewIn(tx, agent, renewal, *opened, peer);
  });
  if (outcome.too_many)
    throw http::Problem{401, "refresh.too_many_copies",
                        "this agent has too many copies; enrol this one again"};
  if (outcome.kind == Kind::kUnknown)
    throw http::Problem{401, "refresh.unknown", "this refresh token is not good any more; enrol again"};
  if (outcome.kind == Kind::kExpired)
    throw http::Problem{401, "refresh.expired", "the refresh token has expired; enrol again"};
  return credentials(agent, outcome.line);
}

AgentAccess::Outcome AgentAccess::renewIn(store::WriteTransaction& tx, const store::AgentKey& agent,
                                          const Renewal& renewal, const protocol::OpenedDocument& opened,
                                          const std::string& peer) const {
  const std::int64_t now = context_.now();
  const auto genuine = [&](const std::string& line, std::int64_t number) {
    return equalSecrets(context_.tokens->refreshToken(agent.agent_id, line, number), renewal.refresh_token);
  };
  auto lines = tx.agents().lines(agent);
  const std::size_t living = lines.size();
  for (auto& ended : tx.agents().endedLines(agent))
    lines.push_back(std::move(ended));
  const std::string token_hash = protocol::tokenHash(renewal.refresh_token);
  const LineJudgement judgement = judgeDocument(lines, opened, token_hash, genuine, now);
  store::Standing standing = tx.agents().standing(agent);
  Outcome out{judgement.kind, false, {}};
  if (out.kind == Kind::kUnknown || out.kind == Kind::kExpired || standing.state == "revoked") return out;
  const store::Line& known = lines[judgement.line];
  // What has ended stays ended: whoever comes back with it is another holder of the key.
  const bool forks = out.kind == Kind::kBehind || known.ended_at != 0;
  out.too_many = forks && living >= kMaxLines;
  if (out.too_many) return out;

  store::Line& line = out.line = known;
  if (forks) {
    line.id = newId();
    line.began_at = now;
    line.ended_at = 0;
  }
  line.number = opened.document.number;
  line.document_hash = opened.hash;
  line.before_hash = token_hash;
  line.token_hash = protocol::tokenHash(context_.tokens->refreshToken(agent.agent_id, line.id, line.number));
  line.boot_id = opened.document.boot_id;
  line.machine = opened.document.machine;
  line.peer = peer;
  line.seen_at = now;
  line.expires_at = now + kRefreshLifeNs;
  line.may_be_ahead = false;
  tx.agents().putLine(agent, line);
  tx.agents().endOldKey(agent);
  if (forks) {
    fork(tx, agent, standing, known, line);
  } else if (line.id != standing.line) {
    seenAlive(tx, agent, line);
  } else {
    standing.number = line.number;
    if (out.kind == Kind::kAhead && !known.may_be_ahead) setBack(tx, agent, standing);
    tx.agents().setStanding(agent, standing);
  }
  return out;
}

// Nobody has said that this server's database is an older one: what was revoked since is not known either.
void AgentAccess::setBack(store::WriteTransaction& tx, const store::AgentKey& agent,
                          store::Standing& standing) const {
  if (standing.state != "active") return;
  standing.state = "restored";
  standing.since = context_.now();
  standing.reason =
      "its state is newer than this server's, which was set back to an older one: accept it if it is still "
      "yours";
  alarm(tx, agent, "agent.state_ahead", standing.reason, standing.since);
  told(tx, agent, standing.since);
}

void AgentAccess::fork(store::WriteTransaction& tx, const store::AgentKey& agent, store::Standing standing,
                       const store::Line& from, const store::Line& line) const {
  const std::int64_t now = context_.now();
  if (standing.state != "cloned") {
    standing.state = "restored";
    standing.since = now;
    standing.reason = from.ended_at != 0
                          ? "a machine is back whose state was ended when another one was accepted: a second "
                            "holder of this agent's key, or restored once more"
                          : "it says that its state is number " + std::to_string(line.number) +
                                ", where the server has another one with number " +
                                std::to_string(from.number) + ": restored from a backup, or a copy";
  }
  standing.line = line.id;
  standing.number = line.number;
  tx.agents().setStanding(agent, standing);
  alarm(tx, agent, from.ended_at != 0 ? "agent.copy_returned" : "agent.state_behind", standing.reason, now);
  told(tx, agent, now);
  // Whoever else holds this agent's state is to show itself.
  tx.afterCommit([bell = &context_.bell, agent_id = agent.agent_id] { bell->ring(agent_id); });
}

}  // namespace redflag::services
