#include "store/sql/people.h"

namespace redflag::store::sql {
namespace {

auth::Session sessionOf(Rows& rows) {
  return {rows.blob(),    rows.text(), rows.integer(), rows.integer(),
          rows.integer(), rows.text(), rows.integer()};
}

}  // namespace

bool SqlPeople::anyUser() const {
  return db_.query("SELECT 1 FROM users LIMIT 1").next();
}

std::optional<auth::User> SqlPeople::findUser(const std::string& username) const {
  auth::User user;
  {
    auto rows = db_.query(
        "SELECT user_id, username, password_hash FROM users WHERE username = ? AND kind = 'person' AND "
        "disabled = 0",
        username);
    if (!rows.next()) return std::nullopt;
    user.id = rows.text();
    user.username = rows.text();
    user.password_hash = rows.text();
  }
  user.grants = grantsOf(user.id);
  return user;
}

http::Grants SqlPeople::grantsOf(const std::string& user_id) const {
  std::vector<http::Grant> grants;
  auto rows = db_.query("SELECT role, client_id, site_id FROM user_grants WHERE user_id = ?", user_id);
  while (rows.next())
    grants.push_back({rows.text(), rows.text(), rows.text()});
  return http::Grants(std::move(grants));
}

std::optional<auth::User> SqlPeople::findUserById(const std::string& user_id) const {
  auth::User user;
  {
    auto rows = db_.query(
        "SELECT user_id, username, password_hash FROM users WHERE user_id = ? AND kind = 'person'", user_id);
    if (!rows.next()) return std::nullopt;
    user.id = rows.text();
    user.username = rows.text();
    user.password_hash = rows.text();
  }
  user.grants = grantsOf(user.id);
  return user;
}

bool SqlPeople::addUser(const auth::User& user, std::int64_t now) {
  const bool added =
      db_.execute(
          "INSERT INTO users (user_id, username, password_hash, created_at) VALUES (?, ?, ?, ?) "
          "ON CONFLICT (username) DO NOTHING",
          user.id, user.username, user.password_hash, now) > 0;
  if (added) setGrants(user.id, user.grants);
  return added;
}

void SqlPeople::setGrants(const std::string& user_id, const http::Grants& grants) {
  db_.post("DELETE FROM user_grants WHERE user_id = ?", user_id);
  for (const auto& grant : grants.all()) {
    db_.post("INSERT INTO user_grants (user_id, client_id, site_id, role) VALUES (?, ?, ?, ?)", user_id,
             grant.client_id, grant.site_id, grant.role);
  }
}

void SqlPeople::addSession(const auth::Session& session) {
  db_.post(
      "INSERT INTO sessions (token_hash, user_id, created_at, last_used_at, expires_at, address, proven_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      Blob{session.token_hash}, session.user_id, session.created_at, session.last_used_at, session.expires_at,
      session.address, session.proven_at);
}

std::optional<auth::SessionUser> SqlPeople::findSession(const std::string& token_hash) const {
  auth::SessionUser found;
  {
    auto rows = db_.query(
        "SELECT s.token_hash, s.user_id, s.created_at, s.last_used_at, s.expires_at, s.address, s.proven_at, "
        "u.username, CASE WHEN f.user_id IS NULL THEN 0 ELSE 1 END "
        "FROM sessions s JOIN users u ON u.user_id = s.user_id AND u.disabled = 0 "
        "LEFT JOIN second_factors f ON f.user_id = s.user_id AND f.confirmed_at > 0 WHERE s.token_hash = ?",
        Blob{token_hash});
    if (!rows.next()) return std::nullopt;
    found.session = sessionOf(rows);
    found.username = rows.text();
    found.second_factor = rows.boolean();
  }
  found.grants = grantsOf(found.session.user_id);
  return found;
}

void SqlPeople::touchSession(const std::string& token_hash, std::int64_t last_used_at) {
  db_.post("UPDATE sessions SET last_used_at = ? WHERE token_hash = ?", last_used_at, Blob{token_hash});
}

void SqlPeople::proveSession(const std::string& token_hash, std::int64_t proven_at) {
  db_.post("UPDATE sessions SET proven_at = ? WHERE token_hash = ?", proven_at, Blob{token_hash});
}

std::vector<auth::Session> SqlPeople::sessionsOf(const std::string& user_id) const {
  std::vector<auth::Session> out;
  for (auto rows = db_.query("SELECT token_hash, user_id, created_at, last_used_at, expires_at, address, "
                             "proven_at FROM sessions "
                             "WHERE user_id = ? ORDER BY created_at DESC, token_hash",
                             user_id);
       rows.next();)
    out.push_back(sessionOf(rows));
  return out;
}

void SqlPeople::removeSessionsOf(const std::string& user_id, const std::string& kept_hash) {
  db_.post("DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?", user_id, Blob{kept_hash});
}

void SqlPeople::removeSession(const std::string& token_hash) {
  db_.post("DELETE FROM sessions WHERE token_hash = ?", Blob{token_hash});
}

void SqlPeople::removeStaleSessions(std::int64_t now, std::int64_t idle_since) {
  db_.post("DELETE FROM sessions WHERE expires_at <= ? OR last_used_at < ?", now, idle_since);
}

std::optional<StoredAnswer> SqlPeople::answer(const std::string& user_id, const std::string& key) const {
  auto rows =
      db_.query("SELECT request_hash, status, body FROM answers WHERE user_id = ? AND idempotency_key = ?",
                user_id, key);
  if (!rows.next()) return std::nullopt;
  return StoredAnswer{rows.text(), static_cast<int>(rows.integer()), rows.text()};
}

void SqlPeople::rememberAnswer(const std::string& user_id, const std::string& key, const StoredAnswer& answer,
                               std::int64_t now) {
  db_.post(
      "INSERT INTO answers (user_id, idempotency_key, request_hash, status, body, at) VALUES (?, ?, ?, ?, ?, "
      "?)",
      user_id, key, answer.request_hash, answer.status, answer.body, now);
}

std::map<std::string, std::int64_t> SqlPeople::rates() const {
  std::map<std::string, std::int64_t> out;
  auto rows = db_.query("SELECT policy, per_minute FROM rate_limits");
  while (rows.next()) {
    const std::string policy = rows.text();
    out[policy] = rows.integer();
  }
  return out;
}

void SqlPeople::setRate(const std::string& policy, std::optional<std::int64_t> per_minute) {
  db_.post("DELETE FROM rate_limits WHERE policy = ?", policy);
  if (per_minute) db_.post("INSERT INTO rate_limits (policy, per_minute) VALUES (?, ?)", policy, *per_minute);
}

std::map<std::string, SecondPersonRule> SqlPeople::secondPersonRules() const {
  std::map<std::string, SecondPersonRule> out;
  auto rows = db_.query("SELECT risk, machines, machines_before, changed_at, changed_by FROM second_person");
  while (rows.next()) {
    const std::string risk = rows.text();
    out[risk] = {rows.integer(), rows.integer(), rows.integer(), rows.text()};
  }
  return out;
}

void SqlPeople::setSecondPersonRule(const std::string& risk, const SecondPersonRule& rule) {
  db_.post("DELETE FROM second_person WHERE risk = ?", risk);
  db_.post(
      "INSERT INTO second_person (risk, machines, machines_before, changed_at, changed_by) VALUES (?, ?, ?, "
      "?, ?)",
      risk, rule.machines, rule.machines_before, rule.changed_at, rule.changed_by);
}

Arming SqlPeople::arming(const std::string& user_id) const {
  auto rows = db_.query("SELECT armed_by, armed_at FROM users WHERE user_id = ?", user_id);
  if (!rows.next()) return {};
  return {rows.text(), rows.integer()};
}

void SqlPeople::setArming(const std::string& user_id, const Arming& arming) {
  db_.post("UPDATE users SET armed_by = ?, armed_at = ? WHERE user_id = ?", arming.by, arming.at, user_id);
}

People::Answers SqlPeople::answersOf(const std::string& user_id) const {
  auto rows =
      db_.query("SELECT COUNT(*), COALESCE(SUM(LENGTH(body)), 0) FROM answers WHERE user_id = ?", user_id);
  rows.next();
  return Answers{rows.integer(), rows.integer()};
}

bool SqlPeople::pruneAnswers(std::int64_t before, std::int64_t keep_bytes, int limit) {
  constexpr const char* oldest =
      "DELETE FROM answers WHERE (user_id, idempotency_key) IN "
      "(SELECT user_id, idempotency_key FROM answers WHERE at < ? ORDER BY at LIMIT ?)";
  if (db_.execute(oldest, before, limit) == limit) return true;
  std::int64_t bytes = 0;
  {
    auto rows = db_.query("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM answers");
    rows.next();
    bytes = rows.integer();
  }
  return bytes > keep_bytes && db_.execute(oldest, INT64_MAX, limit) > 0;
}

}  // namespace redflag::store::sql
