#include "services/accounts.h"

#include "store/events.h"
#include "store/factors.h"
#include "store/people.h"

namespace redflag::services {

using store::ReadTransaction;
using store::WriteTransaction;

bool Accounts::anyUser() const {
  return context_.store.read([](const ReadTransaction& tx) { return tx.people().anyUser(); });
}

std::optional<auth::User> Accounts::findUser(const std::string& username) const {
  return context_.store.read([&](const ReadTransaction& tx) { return tx.people().findUser(username); });
}

std::optional<auth::User> Accounts::findUserById(const std::string& user_id) const {
  return context_.store.read([&](const ReadTransaction& tx) { return tx.people().findUserById(user_id); });
}

bool Accounts::createFirstUser(const auth::User& user) {
  return context_.store.write([&](WriteTransaction& tx) {
    return !tx.people().anyUser() && tx.people().addUser(user, context_.now());
  });
}

bool Accounts::createUser(const auth::User& user) {
  return context_.store.write(
      [&](WriteTransaction& tx) { return tx.people().addUser(user, context_.now()); });
}

bool Accounts::changePassword(const auth::User& user, const std::string& password_hash) {
  return context_.store.write([&](WriteTransaction& tx) {
    const auto now = tx.people().findUser(user.username);
    if (!now || now->id != user.id || now->password_hash != user.password_hash) return false;
    tx.people().setPassword(user.id, password_hash);
    tx.people().removeSessionsOf(user.id, "");
    tx.factors().removePendingOf(user.id);
    store::HistoryEntry entry;
    entry.at = context_.now();
    entry.subsystem = "people";
    entry.actor = user.username;
    entry.kind = "account.password";
    entry.text = "changed the own password";
    tx.events().record("", "", entry);
    tx.events().publish("", "people", Json::object(), entry.at);
    return true;
  });
}

std::optional<auth::TokenAccount> Accounts::findToken(const std::string& token_hash) const {
  return context_.store.read([&](const ReadTransaction& tx) { return tx.people().findApiToken(token_hash); });
}

void Accounts::touchToken(const std::string& token_hash, std::int64_t last_used_at) {
  context_.store.write([&](WriteTransaction& tx) { tx.people().touchApiToken(token_hash, last_used_at); });
}

bool Accounts::createSession(const auth::Session& session, const std::string& password_hash) {
  return context_.store.write([&](WriteTransaction& tx) {
    const auto account = tx.people().account(session.user_id);
    const auto user = account ? tx.people().findUser(account->name) : std::nullopt;
    if (!user || user->password_hash != password_hash) return false;
    tx.people().addSession(session);
    return true;
  });
}

std::optional<auth::SessionUser> Accounts::findSession(const std::string& token_hash) const {
  return context_.store.read([&](const ReadTransaction& tx) { return tx.people().findSession(token_hash); });
}

void Accounts::touchSession(const std::string& token_hash, std::int64_t last_used_at) {
  context_.store.write([&](WriteTransaction& tx) { tx.people().touchSession(token_hash, last_used_at); });
}

void Accounts::proveSession(const std::string& token_hash, std::int64_t proven_at) {
  context_.store.write([&](WriteTransaction& tx) { tx.people().proveSession(token_hash, proven_at); });
}

std::vector<auth::Session> Accounts::sessionsOf(const std::string& user_id) const {
  return context_.store.read([&](const ReadTransaction& tx) { return tx.people().sessionsOf(user_id); });
}

void Accounts::removeSessionsOf(const std::string& user_id, const std::string& kept_hash) {
  context_.store.write([&](WriteTransaction& tx) { tx.people().removeSessionsOf(user_id, kept_hash); });
}

void Accounts::removeSession(const std::string& token_hash) {
  context_.store.write([&](WriteTransaction& tx) { tx.people().removeSession(token_hash); });
}

void Accounts::removeStaleSessions(std::int64_t now, std::int64_t idle_since) {
  context_.store.write([&](WriteTransaction& tx) { tx.people().removeStaleSessions(now, idle_since); });
}

std::map<std::string, std::int64_t> Accounts::rates() const {
  return context_.store.read([](const ReadTransaction& tx) { return tx.people().rates(); });
}

void Accounts::setRate(const std::string& policy, std::optional<std::int64_t> per_minute,
                       const std::string& actor) {
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "security";
  entry.actor = actor;
  entry.kind = "security.rate_changed";
  entry.text = "rate limit " + policy + ": " +
               (per_minute ? std::to_string(*per_minute) + " a minute" : "as it was before it was changed");
  context_.store.write([&](WriteTransaction& tx) {
    tx.people().setRate(policy, per_minute);
    tx.events().record("", "", entry);
  });
}

}  // namespace redflag::services
