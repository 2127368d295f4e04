#include "services/enrolment.h"

#include "base/encoding.h"
#include "http/message.h"
#include "services/agent_access.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::EnrolmentOutcome;

constexpr std::size_t kSecretBytes = 32;

struct Refusal {
  const char* code;
  const char* text;
};

Refusal refusalOf(EnrolmentOutcome outcome) {
  switch (outcome) {
    case EnrolmentOutcome::kExpired:
      return {"enrolment.expired", "the token has expired"};
    case EnrolmentOutcome::kRevoked:
      return {"enrolment.revoked", "the token was revoked"};
    case EnrolmentOutcome::kMinterEnded:
      return {"enrolment.minter", "whoever made the token may not let machines in there any more"};
    case EnrolmentOutcome::kSeatsExhausted:
      return {"enrolment.seats_exhausted", "seats exhausted"};
    case EnrolmentOutcome::kAgentRevoked:
      return {"enrolment.agent_revoked", "this key's agent was revoked; enrol with a new key (--replace)"};
    case EnrolmentOutcome::kOtherClient:
      return {"enrolment.other_client",
              "this key's agent is another client's; enrol with a new key (--replace)"};
    default:
      return {"enrolment.unknown_token", "this token is not known"};
  }
}

std::string hashOf(const std::string& token) {
  return toHex(sha256(token));
}

store::HistoryEntry entryOf(std::int64_t at, const std::string& actor, const std::string& kind,
                            const std::string& text) {
  store::HistoryEntry entry;
  entry.at = at;
  entry.subsystem = "enrolment";
  entry.actor = actor;
  entry.kind = kind;
  entry.text = text;
  return entry;
}

bool administers(const Actor& actor, const std::string& client_id, const std::string& site_id) {
  return http::atLeast(actor.grants.roleOver(client_id, site_id), "admin");
}

void seatTaken(store::WriteTransaction& tx, Endings* endings, const store::Enrolled& enrolled) {
  endsWith(tx, endings, {Ending::What::kSeat, enrolled.token_id, std::to_string(enrolled.seats_used)});
}

// Fills in the token's site and client.
void place(store::EnrolmentToken& token, const std::vector<store::Client>& clients,
           const std::string& site_id, const Actor& actor) {
  for (const auto& client : clients) {
    for (const auto& site : client.sites) {
      if (!site_id.empty() && site.id != site_id) continue;
      token.client_id = client.id;
      token.site_id = site.id;
      if (administers(actor, client.id, site.id)) return;
      if (!site_id.empty())
        throw http::Problem{403, "role.insufficient", "you do not administer this site", "/site_id"};
    }
  }
  throw http::Problem{404, "site.not_found", "there is no such site", "/site_id"};
}

}  // namespace

NewToken Enrolment::makeToken(std::int64_t seats, std::int64_t expires_in_s, const std::string& site_id,
                              const Actor& actor, const std::string& accept) {
  const std::string secret = toBase64Url(randomBytes(kSecretBytes));
  NewToken made;
  made.token.id = newId();
  made.token.seats = seats;
  made.token.accept = !accept.empty() ? accept : seats > 1 ? "manual" : "auto";
  made.token.created_at = context_.now();
  made.token.created_by = actor.name;
  made.token.minter_id = actor.id;
  made.token.expires_at = made.token.created_at + expires_in_s * kSecondNs;
  made.bundle = bundleWith(secret, {});
  context_.store.write([&](store::WriteTransaction& tx) {
    place(made.token, tx.agents().clients(actor.grants.visible()), site_id, actor);
    tx.agents().addToken(made.token, hashOf(secret));
    tx.events().record(made.token.client_id, "",
                       entryOf(made.token.created_at, actor.name, "enrolment.token_made",
                               "made an enrolment token with " + std::to_string(seats) + " seats" +
                                   (made.token.accept == "manual" ? ", each agent to be accepted" : "")));
  });
  return made;
}

std::string Enrolment::bundleWith(const std::string& secret, const std::string& rebinds) const {
  protocol::Bundle bundle = context_.bundle();
  bundle.token = secret;
  bundle.rebinds = rebinds;
  auto text = protocol::encodeBundle(bundle);
  if (!text) throw http::Problem{500, "enrolment.bundle", text.error().text};
  return std::move(*text);
}

NewToken Enrolment::rebind(const std::string& agent_id, const std::string& reason, std::int64_t expires_in_s,
                           const Actor& actor) {
  const std::string secret = toBase64Url(randomBytes(kSecretBytes));
  NewToken made;
  made.token.id = newId();
  made.token.seats = 1;
  made.token.created_at = context_.now();
  made.token.created_by = actor.name;
  made.token.minter_id = actor.id;
  made.token.expires_at = made.token.created_at + expires_in_s * kSecondNs;
  made.token.rebinds = agent_id;
  made.bundle = bundleWith(secret, agent_id);
  context_.store.write([&](store::WriteTransaction& tx) {
    const auto agent = tx.agents().key(agent_id);
    if (!agent || !actor.grants.visible().includes(agent->client_id, agent->site_id))
      throw http::Problem{404, "agent.not_found", "there is no such agent"};
    if (!administers(actor, agent->client_id, agent->site_id))
      throw http::Problem{403, "role.insufficient", "you do not administer this agent's site"};
    if (agent->standing.state == "revoked")
      throw http::Problem{409, "agent.revoked", "this agent was revoked; its machine is to be enrolled"};
    made.token.client_id = agent->client_id;
    made.token.site_id = agent->site_id;
    tx.agents().revokeRebinds(agent_id, made.token.created_at);  // one that was lost must not do it later
    tx.agents().addToken(made.token, hashOf(secret));
    auto entry = entryOf(made.token.created_at, actor.name, "agent.rebind_allowed",
                         "allowed this agent to get a new key: " + reason);
    entry.subsystem = "security";
    entry.severity = "warning";
    tx.events().record(agent->client_id, agent_id, entry);
  });
  return made;
}

std::vector<store::EnrolmentToken> Enrolment::tokens(const Actor& actor) const {
  return context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.agents().tokens(actor.grants.where("admin")); });
}

void Enrolment::revokeToken(const std::string& token_id, const Actor& actor) {
  const std::int64_t now = context_.now();
  context_.store.write([&](store::WriteTransaction& tx) {
    const auto token = tx.agents().token(token_id, actor.grants.visible());
    if (!token) throw http::Problem{404, "enrolment.not_found", "there is no such token"};
    if (!administers(actor, token->client_id, token->site_id))
      throw http::Problem{403, "role.insufficient", "you do not administer this token's site"};
    tx.agents().revokeToken(token_id, now);
    endsWith(tx, context_.endings, {Ending::What::kEnrolmentToken, token_id, ""});
    tx.events().record(token->client_id, "",
                       entryOf(now, actor.name, "enrolment.token_revoked", "revoked an enrolment token"));
  });
}

// The agent's first line; one that it had before ends.
void Enrolment::begin(store::WriteTransaction& tx, store::Enrolled& enrolled, const std::string& peer) const {
  const store::Line line = firstLine(context_, enrolled.agent.agent_id, peer);
  // Whoever holds a copy could otherwise end a person's question with any token.
  const std::string before = enrolled.agent.standing.state;
  const bool in_doubt = enrolled.outcome == EnrolmentOutcome::kAgain && before != "active" && !before.empty();
  const bool waits = in_doubt || enrolled.accept == "manual";
  const std::string reason = in_doubt ? "it enrolled again while it was " + before
                             : waits  ? "its enrolment token wants a person to accept each agent"
                                      : "";
  enrolled.agent.standing = {waits ? "pending" : "active", reason, context_.now(), line.id, 0};
  tx.agents().removeLines(enrolled.agent);
  tx.agents().putLine(enrolled.agent, line);
  tx.agents().setStanding(enrolled.agent, enrolled.agent.standing);
}

std::pair<store::AgentKey, bool> Enrolment::enrol(const store::NewAgent& agent, const std::string& token,
                                                  const std::string& peer) {
  const std::int64_t now = context_.now();
  // A refusal is recorded inside and thrown outside the transaction, so that its record stays.
  const std::string secret_hash = hashOf(token);
  // All machines of a roll-out count down the same token. Whoever is there already is not the token's alone,
  // nor is the client's history. Of a token that nobody knows there is nothing, and strangers keep no writer
  // waiting.
  const store::Enrolled enrolled = context_.store.writeOf(secret_hash, [&](store::WriteTransaction& tx) {
    store::Enrolled result = tx.agents().enrol(agent, secret_hash, now);
    if (result.outcome != EnrolmentOutcome::kEnrolled && result.outcome != EnrolmentOutcome::kKnown &&
        !result.client_id.empty())
      tx.alone();
    if (result.outcome == EnrolmentOutcome::kEnrolled || result.outcome == EnrolmentOutcome::kAgain) {
      begin(tx, result, peer);
      seatTaken(tx, context_.endings, result);
      const char* how =
          result.outcome == EnrolmentOutcome::kAgain ? " enrolled again from " : " enrolled from ";
      tx.events().record(result.client_id, result.agent.agent_id,
                         entryOf(now, "agent", "enrolment.enrolled", agent.hostname + how + peer));
      tx.events().publish(result.client_id, "agent", {{"agent_id", result.agent.agent_id}}, now);
    } else if (result.outcome == EnrolmentOutcome::kRebound) {
      begin(tx, result, peer);
      seatTaken(tx, context_.endings, result);
      endsWith(tx, context_.endings,
               {Ending::What::kAgentKey, result.agent.agent_id, toBase64Url(result.agent.public_key)});
      auto entry =
          entryOf(now, "agent", "agent.rebound",
                  agent.hostname + " got a new key from " + peer + "; the old one opens nothing any more");
      entry.subsystem = "security";
      entry.severity = "warning";
      tx.events().record(result.client_id, result.agent.agent_id, entry);
      tx.events().publish(result.client_id, "agent", {{"agent_id", result.agent.agent_id}}, now);
      // The old key's doorbell closes.
      tx.afterCommit([bell = &context_.bell, id = result.agent.agent_id] { bell->ring(id); });
    } else if (result.outcome != EnrolmentOutcome::kKnown && !result.client_id.empty()) {
      const Refusal refusal = refusalOf(result.outcome);
      auto entry =
          entryOf(now, "agent", "enrolment.refused", agent.hostname + " from " + peer + ": " + refusal.text);
      entry.subsystem = "security";
      entry.code = refusal.code;
      entry.severity = "warning";
      tx.events().record(result.client_id, "", entry);
      tx.events().publish(result.client_id, "refusal", Json::object(), now);
    }
    return result;
  });
  if (enrolled.outcome == EnrolmentOutcome::kEnrolled) return {enrolled.agent, true};
  if (enrolled.outcome == EnrolmentOutcome::kKnown || enrolled.outcome == EnrolmentOutcome::kAgain ||
      enrolled.outcome == EnrolmentOutcome::kRebound)
    return {enrolled.agent, false};
  const Refusal refusal = refusalOf(enrolled.outcome);
  throw http::Problem{401, refusal.code, refusal.text};
}

}  // namespace redflag::services
