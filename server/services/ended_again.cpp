#include "base/encoding.h"
#include "http/message.h"
#include "services/endings.h"
#include "store/agents.h"
#include "store/events.h"
#include "store/people.h"

namespace redflag::services {
namespace {

using What = Ending::What;

constexpr int kAgentsAtOnce = 200;
constexpr const char* kSetBack = "the database was set back to an older one, which did not know of it";

void recordAgain(store::WriteTransaction& tx, const std::string& client_id, const std::string& agent_id,
                 const std::string& kind, const std::string& text, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "security";
  entry.actor = "server";
  entry.kind = kind;
  entry.text = text;
  entry.severity = "warning";
  tx.events().record(client_id, agent_id, entry);
}

bool revokeAgain(store::WriteTransaction& tx, const std::string& agent_id, std::int64_t now) {
  const auto agent = tx.agents().key(agent_id);
  if (!agent || agent->standing.state == "revoked") return false;
  tx.agents().removeLines(*agent);
  tx.agents().setStanding(*agent, {"revoked", std::string("revoked before: ") + kSetBack, now, "", 0});
  recordAgain(tx, agent->client_id, agent_id, "agent.revoked", std::string("revoked again: ") + kSetBack,
              now);
  return true;
}

// The old key opens nothing again. Whoever was re-bound is to enrol again, and stays the agent it is; who
// handed it over goes on with the new one.
bool replaceKeyAgain(store::WriteTransaction& tx, const Ending& ending, std::int64_t now) {
  const std::string_view handed_over = kHandedOver;
  const bool by_itself = ending.value.starts_with(handed_over);
  const auto key = fromBase64Url(by_itself ? ending.value.substr(handed_over.size()) : ending.value);
  const auto agent = tx.agents().key(ending.id);
  if (!key || !agent || agent->public_key == *key || agent->standing.state == "revoked") return false;
  tx.agents().setKey(*agent, *key);
  if (!by_itself) tx.agents().removeLines(*agent);
  recordAgain(tx, agent->client_id, ending.id, by_itself ? "agent.key_rotated" : "agent.rebound",
              std::string("its old key opens nothing again") +
                  (by_itself ? ": " : ", it is to be enrolled again: ") + kSetBack,
              now);
  return true;
}

bool revokeTokenAgain(store::WriteTransaction& tx, const Ending& ending, std::int64_t now) {
  const auto token = tx.agents().token(ending.id, http::Visible::everything());
  if (!token || token->revoked) return false;
  if (ending.what == What::kSeat && token->seats_used >= seatsOf(ending.value)) return false;
  tx.agents().revokeToken(ending.id, now);
  recordAgain(
      tx, token->client_id, "", "enrolment.token_revoked",
      std::string("revoked an enrolment token whose seats were taken, or that was revoked: ") + kSetBack,
      now);
  return true;
}

bool revokeApiTokenAgain(store::WriteTransaction& tx, const std::string& id, std::int64_t now) {
  const auto token = tx.people().apiToken(id);
  if (!token || token->revoked_at != 0) return false;
  tx.people().revokeApiToken(id, now);
  recordAgain(tx, "", "", "api_token.revoked", std::string("revoked an API token again: ") + kSetBack, now);
  return true;
}

bool shutAgain(store::WriteTransaction& tx, const Ending& ending, std::int64_t now) {
  const auto account = tx.people().account(ending.id);
  if (!account || account->disabled || ending.value != "shut") return false;
  tx.people().setDisabled(ending.id, true);
  tx.people().removeSessionsOf(ending.id, "");
  recordAgain(tx, "", "", "account.disabled",
              "disabled " + account->name + " again, or what was removed: " + kSetBack, now);
  return true;
}

bool endOneAgain(store::WriteTransaction& tx, const Ending& ending, std::int64_t now) {
  switch (ending.what) {
    case What::kAgent:
      return revokeAgain(tx, ending.id, now);
    case What::kAgentKey:
      return replaceKeyAgain(tx, ending, now);
    case What::kSeat:
    case What::kEnrolmentToken:
      return revokeTokenAgain(tx, ending, now);
    case What::kApiToken:
      return revokeApiTokenAgain(tx, ending.id, now);
    case What::kAccount:
      return shutAgain(tx, ending, now);
  }
  return false;
}

std::int64_t endAllAgain(store::WriteTransaction& tx, const EndingList& list, std::int64_t now) {
  std::int64_t ended = 0;
  for (const Ending& ending : list.items)
    if (endOneAgain(tx, ending, now)) ++ended;
  return ended;
}

std::optional<Ending> changedSince(const store::ReadTransaction& tx, const Ending& ending) {
  Ending now = ending;
  if (ending.what == What::kAgentKey) {
    const auto agent = tx.agents().key(ending.id);
    if (!agent) return std::nullopt;
    now.value = (ending.value.starts_with(kHandedOver) ? kHandedOver : "") + toBase64Url(agent->public_key);
  } else if (ending.what == What::kAccount) {
    const auto account = tx.people().account(ending.id);
    if (!account) return std::nullopt;
    now.value = account->disabled ? "shut" : "open";
  }
  return now.value == ending.value ? std::nullopt : std::optional(now);
}

std::vector<Ending> revokedAgents(const store::ReadTransaction& tx) {
  std::vector<Ending> out;
  store::AgentFilter filter;
  filter.identity = "revoked";
  store::PageRequest page{kAgentsAtOnce, ""};
  do {
    const auto agents = tx.agents().list(filter, http::Visible::everything(), {}, page);
    for (const auto& agent : agents.items)
      out.push_back({What::kAgent, agent.id, ""});
    page.cursor = agents.next_cursor;
  } while (!page.cursor.empty());
  return out;
}

}  // namespace

void learnEndings(store::Store& store, Endings& endings) {
  std::vector<Ending> found;
  store.read([&](const store::ReadTransaction& tx) {
    found = revokedAgents(tx);
    for (const auto& token : tx.agents().tokens(http::Visible::everything())) {
      if (token.revoked) found.push_back({What::kEnrolmentToken, token.id, ""});
      if (token.seats_used > 0) found.push_back({What::kSeat, token.id, std::to_string(token.seats_used)});
    }
    for (const auto& account : tx.people().accounts("service"))
      for (const auto& token : tx.people().apiTokens(account.id))
        if (token.revoked_at != 0) found.push_back({What::kApiToken, token.id, ""});
  });
  for (const Ending& ending : found)
    endings.add(ending);
}

void learnChanges(store::Store& store, Endings& endings) {
  std::vector<Ending> found;
  const auto list = endings.list();
  store.read([&](const store::ReadTransaction& tx) {
    for (const Ending& ending : list.items)
      if (auto now = changedSince(tx, ending)) found.push_back(std::move(*now));
  });
  for (const Ending& ending : found)
    endings.add(ending);
}

std::int64_t endAgain(store::Store& store, const EndingList& list, std::int64_t now) {
  if (list.items.empty()) return 0;
  return store.write([&](store::WriteTransaction& tx) { return endAllAgain(tx, list, now); });
}

std::int64_t recheckRestored(store::Store& store, const EndingList& list, bool whole, std::int64_t now) {
  return store.write([&](store::WriteTransaction& tx) {
    const std::int64_t ended = endAllAgain(tx, list, now);
    tx.people().removeStaleSessions(INT64_MAX, INT64_MAX);
    tx.agents().expectAhead();
    if (!whole) {
      tx.agents().holdActive(
          "this server was restored from a backup and does not know which agents were revoked since: accept "
          "it "
          "if it is still yours",
          now);
      tx.agents().revokeAllTokens(now);
      tx.people().revokeAllApiTokens(now);
    }
    recordAgain(
        tx, "", "", "server.restored",
        whole ? "restored from a backup; what ended since was known, " + std::to_string(ended) +
                    " things ended again"
              : "restored from a backup; what ended since is not known: tokens are void, and each agent "
                "waits until a person has accepted it",
        now);
    return ended;
  });
}

}  // namespace redflag::services
