#include "services/users.h"

#include <map>
#include <set>

#include "auth/api_tokens.h"
#include "base/encoding.h"
#include "http/message.h"
#include "store/events.h"
#include "store/factors.h"

namespace redflag::services {
namespace {

using store::ReadTransaction;
using store::WriteTransaction;

bool rulesAll(const store::Account& account) {
  return account.kind == "person" && !account.disabled &&
         http::atLeast(account.grants.roleOver("", ""), "admin");
}

void requireAnAdmin(const ReadTransaction& tx, const store::Account& before) {
  if (!rulesAll(before)) return;
  for (const auto& account : tx.people().accounts("person")) {
    if (rulesAll(account)) return;
  }
  throw http::Problem{409, "user.last_admin",
                      "this is the last administrator of everything who can sign in: make another one first"};
}

// What they have in common: the client whose history tells of them, or "".
std::string clientOf(const http::Grants& grants) {
  if (grants.all().empty()) return "";
  const std::string& first = grants.all().front().client_id;
  for (const auto& grant : grants.all()) {
    if (grant.client_id != first) return "";
  }
  return first;
}

std::string spoken(const http::Grants& grants) {
  if (grants.all().empty()) return "nothing";
  std::string text;
  for (const auto& grant : grants.all()) {
    text += (text.empty() ? "" : ", ") + grant.role + " of ";
    text += grant.client_id.empty()
                ? "everything"
                : "client " + grant.client_id + (grant.site_id.empty() ? "" : ", site " + grant.site_id);
  }
  return text;
}

// Of everything first, as client "", then of each client.
std::map<std::string, std::vector<http::Grant>> byClient(const http::Grants& grants) {
  std::map<std::string, std::vector<http::Grant>> parts;
  for (const auto& grant : grants.all())
    parts[grant.client_id].push_back(grant);
  return parts;
}

std::string nounOf(const std::string& kind) {
  return kind == "person" ? "user" : "service account";
}

}  // namespace

store::Account Users::require(const ReadTransaction& tx, const std::string& kind, const std::string& id,
                              const Actor& actor) const {
  auto account = tx.people().account(id);
  if (!account || account->kind != kind || !actor.grants.cover(account->grants)) {
    throw http::Problem{404, kind == "person" ? "user.not_found" : "service_account.not_found",
                        "there is no such " + nounOf(kind)};
  }
  return std::move(*account);
}

std::optional<http::Problem> Users::judge(WriteTransaction& tx, const http::Grants& grants,
                                          const Actor& actor) const {
  const auto clients = tx.agents().clients(actor.grants.visible());
  for (const auto& grant : grants.all()) {
    bool there = grant.client_id.empty();
    for (const auto& client : clients) {
      if (client.id != grant.client_id) continue;
      there = grant.site_id.empty();
      for (const auto& site : client.sites)
        there = there || site.id == grant.site_id;
    }
    if (!there)
      return http::Problem{404, "grant.place_not_found", "there is no such client or site", "/grants"};
    if (actor.grants.cover(grant)) continue;
    store::HistoryEntry entry;
    entry.at = context_.now();
    entry.subsystem = "security";
    entry.actor = actor.name;
    entry.kind = "grant.refused";
    entry.text = "tried to give more than there is to give: " + spoken(grants);
    entry.code = "grant.exceeds";
    entry.severity = "warning";
    tx.events().record(clientOf(actor.grants), "", entry);
    return http::Problem{403, "grant.exceeds", "a grant reaches beyond what you administer", "/grants"};
  }
  return std::nullopt;
}

void Users::tell(WriteTransaction& tx, const http::Grants& about, const Actor& actor, const std::string& kind,
                 const std::string& text) const {
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "people";
  entry.actor = actor.name;
  entry.kind = kind;
  entry.text = text;
  const std::string client_id = clientOf(about);
  tx.events().record(client_id, "", entry);
  // Every open stream looks at once whether it may go on.
  tx.events().publish(client_id, "people", Json::object(), entry.at);
}

// Each client's history tells of what is its own, and of nothing else.
void Users::tellGrants(WriteTransaction& tx, const store::Account& before, const http::Grants& after,
                       const Actor& actor) const {
  auto from = byClient(before.grants);
  auto to = byClient(after);
  std::set<std::string> clients;
  for (const auto& parts : {from, to}) {
    for (const auto& [client_id, grants] : parts)
      clients.insert(client_id);
  }
  for (const auto& client_id : clients) {
    const http::Grants had(from[client_id]);
    const http::Grants has(to[client_id]);
    if (had == has) continue;
    tell(tx, had.all().empty() ? has : had, actor, "account.grants",
         nounOf(before.kind) + " " + before.name + ": " + spoken(had) + " becomes " + spoken(has));
  }
}

std::vector<store::Account> Users::list(const std::string& kind, const Actor& actor) const {
  auto accounts = context_.store.read([&](const ReadTransaction& tx) { return tx.people().accounts(kind); });
  std::erase_if(accounts, [&](const store::Account& account) { return !actor.grants.cover(account.grants); });
  return accounts;
}

store::Account Users::find(const std::string& kind, const std::string& id, const Actor& actor) const {
  return context_.store.read([&](const ReadTransaction& tx) { return require(tx, kind, id, actor); });
}

store::Account Users::add(const std::string& kind, const std::string& name, const std::string& password_hash,
                          const http::Grants& grants, const Actor& actor) {
  std::optional<http::Problem> refusal;
  store::Account account{newId(), name, kind, grants};
  account.created_at = context_.now();
  context_.store.write([&](WriteTransaction& tx) {
    refusal = judge(tx, grants, actor);
    if (refusal) return;
    if (!tx.people().addAccount(account, password_hash))
      throw http::Problem{409, "user.name_taken", "this name is taken", "/name"};
    if (kind == "person") tx.people().setArming(account.id, {actor.author_id, account.created_at});
    tell(tx, grants, actor, "account.added",
         "added the " + nounOf(kind) + " " + name + ": " + spoken(grants));
  });
  if (refusal) throw http::Problem(*refusal);
  return account;
}

store::Account Users::change(const std::string& kind, const std::string& id, const AccountChange& change,
                             const Actor& actor) {
  std::optional<http::Problem> refusal;
  store::Account after;
  context_.store.write([&](WriteTransaction& tx) {
    const store::Account before = require(tx, kind, id, actor);
    refusal = change.grants ? judge(tx, *change.grants, actor) : std::nullopt;
    if (refusal) return;
    if (change.grants && *change.grants != before.grants) {
      tx.people().setGrants(id, *change.grants);
      tellGrants(tx, before, *change.grants, actor);
    }
    if (change.disabled && *change.disabled != before.disabled) {
      tx.people().setDisabled(id, *change.disabled);
      tell(tx, before.grants, actor, *change.disabled ? "account.disabled" : "account.enabled",
           nounOf(kind) + " " + before.name);
    }
    if (change.disabled)
      endsWith(tx, context_.endings, {Ending::What::kAccount, id, *change.disabled ? "shut" : "open"});
    if (change.disabled && *change.disabled) {
      tx.people().removeSessionsOf(id, "");
      tx.factors().removePendingOf(id);
    }
    requireAnAdmin(tx, before);
    after = tx.people().account(id).value();
  });
  if (refusal) throw http::Problem(*refusal);
  return after;
}

void Users::remove(const std::string& kind, const std::string& id, const Actor& actor) {
  context_.store.write([&](WriteTransaction& tx) {
    const store::Account before = require(tx, kind, id, actor);
    tx.people().removeAccount(id);
    endsWith(tx, context_.endings, {Ending::What::kAccount, id, "shut"});
    requireAnAdmin(tx, before);
    tell(tx, before.grants, actor, "account.removed", "removed the " + nounOf(kind) + " " + before.name);
  });
}

void Users::setPassword(const std::string& id, const std::string& password_hash, const Actor& actor) {
  context_.store.write([&](WriteTransaction& tx) {
    const store::Account account = require(tx, "person", id, actor);
    tx.people().setPassword(id, password_hash);
    tx.people().removeSessionsOf(id, "");
    tx.factors().removePendingOf(id);
    tx.people().setArming(id, {actor.author_id, context_.now()});
    tell(tx, account.grants, actor, "account.password", "a new password for " + account.name);
  });
}

std::vector<store::ApiToken> Users::tokens(const std::string& account_id) const {
  return context_.store.read([&](const ReadTransaction& tx) {
    auto tokens = tx.people().apiTokens(account_id);
    const http::Grants grants = tx.people().grantsOf(account_id);
    for (auto& token : tokens) {
      if (token.minter_id.empty()) continue;
      const auto minter = tx.people().account(token.minter_id);
      token.ended = !minter || minter->disabled || !minter->grants.cover(grants);
    }
    return tokens;
  });
}

NewApiToken Users::addToken(const std::string& account_id, const std::string& name, std::int64_t expires_in_s,
                            const Actor& actor) {
  NewApiToken made;
  made.secret = auth::ApiTokens::newSecret();
  made.token = {newId(), account_id, name, context_.now(), actor.name};
  made.token.expires_at = made.token.created_at + expires_in_s * kSecondNs;
  made.token.minter_id = actor.id;
  context_.store.write([&](WriteTransaction& tx) {
    const store::Account account = require(tx, "service", account_id, actor);
    tx.people().addApiToken(made.token, auth::ApiTokens::hashOf(made.secret));
    tell(tx, account.grants, actor, "api_token.made", "a token for the service account " + account.name);
  });
  return made;
}

void Users::revokeToken(const std::string& token_id, const Actor& actor) {
  context_.store.write([&](WriteTransaction& tx) {
    const auto token = tx.people().apiToken(token_id);
    const auto account = token ? tx.people().account(token->account_id) : std::nullopt;
    if (!account || !actor.grants.cover(account->grants))
      throw http::Problem{404, "api_token.not_found", "there is no such token"};
    tx.people().revokeApiToken(token_id, context_.now());
    endsWith(tx, context_.endings, {Ending::What::kApiToken, token_id, ""});
    tell(tx, account->grants, actor, "api_token.revoked",
         "revoked a token of the service account " + account->name);
  });
}

}  // namespace redflag::services
