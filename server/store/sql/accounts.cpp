#include <map>

#include "store/sql/people.h"

namespace redflag::store::sql {

std::vector<Account> SqlPeople::accountsWhere(const std::string& column, const std::string& value) const {
  std::vector<Account> accounts;
  std::map<std::string, std::vector<http::Grant>> grants;
  const std::string from = " FROM users u WHERE u." + column + " = ?";
  {
    const std::string sql =
        "SELECT g.user_id, g.role, g.client_id, g.site_id FROM user_grants g WHERE g.user_id IN (SELECT "
        "u.user_id" +
        from + ")";
    for (auto rows = db_.query(sql, value); rows.next();) {
      auto& list = grants[rows.text()];
      list.push_back({rows.text(), rows.text(), rows.text()});
    }
  }
  const std::string sql =
      "SELECT u.user_id, u.username, u.kind, u.disabled, u.created_at, "
      "COALESCE((SELECT MAX(s.last_used_at) FROM sessions s WHERE s.user_id = u.user_id), 0), "
      "COALESCE((SELECT MAX(t.last_used_at) FROM api_tokens t WHERE t.user_id = u.user_id), 0)" +
      from + " ORDER BY u.username";
  auto rows = db_.query(sql, value);
  while (rows.next()) {
    Account account{rows.text(), rows.text(), rows.text(), {}};
    account.disabled = rows.boolean();
    account.created_at = rows.integer();
    account.last_used_at = rows.integer();
    account.last_used_at = std::max(account.last_used_at, rows.integer());
    account.grants = http::Grants(std::move(grants[account.id]));
    accounts.push_back(std::move(account));
  }
  return accounts;
}

std::vector<Account> SqlPeople::accounts(const std::string& kind) const {
  return accountsWhere("kind", kind);
}

std::optional<Account> SqlPeople::account(const std::string& id) const {
  auto found = accountsWhere("user_id", id);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

bool SqlPeople::addAccount(const Account& account, const std::string& password_hash) {
  const bool added =
      db_.execute(
          "INSERT INTO users (user_id, username, password_hash, created_at, kind) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT (username) DO NOTHING",
          account.id, account.name, password_hash, account.created_at, account.kind) > 0;
  if (added) setGrants(account.id, account.grants);
  return added;
}

void SqlPeople::setDisabled(const std::string& id, bool disabled) {
  db_.post("UPDATE users SET disabled = ? WHERE user_id = ?", disabled, id);
}

void SqlPeople::setPassword(const std::string& id, const std::string& password_hash) {
  db_.post("UPDATE users SET password_hash = ? WHERE user_id = ?", password_hash, id);
}

void SqlPeople::removeAccount(const std::string& id) {
  db_.post("DELETE FROM users WHERE user_id = ?", id);
}

std::vector<ApiToken> SqlPeople::apiTokensWhere(const std::string& column, const std::string& value) const {
  std::vector<ApiToken> tokens;
  const std::string sql =
      "SELECT token_id, user_id, name, created_at, created_by, expires_at, revoked_at, last_used_at, "
      "minter_id FROM "
      "api_tokens WHERE " +
      column + " = ? ORDER BY created_at DESC, token_id";
  auto rows = db_.query(sql, value);
  while (rows.next()) {
    tokens.push_back({rows.text(), rows.text(), rows.text(), rows.integer(), rows.text(), rows.integer(),
                      rows.integer(), rows.integer(), rows.text()});
  }
  return tokens;
}

std::vector<ApiToken> SqlPeople::apiTokens(const std::string& account_id) const {
  return apiTokensWhere("user_id", account_id);
}

std::optional<ApiToken> SqlPeople::apiToken(const std::string& token_id) const {
  auto found = apiTokensWhere("token_id", token_id);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

void SqlPeople::addApiToken(const ApiToken& token, const std::string& token_hash) {
  db_.post(
      "INSERT INTO api_tokens (token_hash, token_id, user_id, name, created_at, created_by, expires_at, "
      "minter_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      Blob{token_hash}, token.id, token.account_id, token.name, token.created_at, token.created_by,
      token.expires_at, token.minter_id);
}

void SqlPeople::revokeApiToken(const std::string& token_id, std::int64_t now) {
  db_.post("UPDATE api_tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at = 0", now, token_id);
}

void SqlPeople::revokeAllApiTokens(std::int64_t now) {
  db_.post("UPDATE api_tokens SET revoked_at = ? WHERE revoked_at = 0", now);
}

std::optional<auth::TokenAccount> SqlPeople::findApiToken(const std::string& token_hash) const {
  auth::TokenAccount found;
  {
    auto rows = db_.query(
        "SELECT t.token_hash, t.user_id, u.username, t.expires_at, t.last_used_at, t.minter_id "
        "FROM api_tokens t JOIN "
        "users "
        "u USING (user_id) WHERE t.token_hash = ? AND t.revoked_at = 0 AND u.disabled = 0",
        Blob{token_hash});
    if (!rows.next()) return std::nullopt;
    found = {rows.blob(), rows.text(), rows.text(), {}, rows.integer(), rows.integer(), rows.text()};
  }
  found.grants = grantsOf(found.account_id);
  if (found.minter_id.empty()) return found;
  const auto minter = account(found.minter_id);
  if (!minter || minter->disabled || !minter->grants.cover(found.grants)) return std::nullopt;
  return found;
}

void SqlPeople::touchApiToken(const std::string& token_hash, std::int64_t last_used_at) {
  db_.post("UPDATE api_tokens SET last_used_at = ? WHERE token_hash = ?", last_used_at, Blob{token_hash});
}

bool SqlPeople::pruneApiTokens(std::int64_t before, int limit) {
  return db_.execute(
             "DELETE FROM api_tokens WHERE token_hash IN (SELECT token_hash FROM api_tokens WHERE expires_at "
             "< ? "
             "LIMIT ?)",
             before, limit) == limit;
}

}  // namespace redflag::store::sql
