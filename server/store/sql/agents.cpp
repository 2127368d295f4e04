#include "store/sql/agents.h"

#include "base/encoding.h"
#include "http/message.h"
#include "store/sql/select.h"
#include "store/sql/value_rows.h"
#include "store/sql/visible.h"

namespace redflag::store::sql {

namespace {

constexpr const char* kHandedTrust = "handed_trust";

constexpr const char* kKeyColumns =
    "agent_id, client_id, site_id, public_key, identity_state, line_id, line_number, old_key, old_key_until";

AgentKey keyFrom(Rows& rows) {
  AgentKey key{rows.text(), rows.text(), rows.text(), rows.blob()};
  key.standing.state = rows.text();
  key.standing.line = rows.text();
  key.standing.number = rows.integer();
  key.old_key = rows.blob();
  key.old_key_until = rows.integer();
  return key;
}

}  // namespace

std::optional<AgentKey> SqlAgents::key(const std::string& agent_id) const {
  static const std::string sql = std::string("SELECT ") + kKeyColumns + " FROM agents WHERE agent_id = ?";
  auto rows = db_.query(sql, agent_id);
  if (!rows.next()) return std::nullopt;
  return keyFrom(rows);
}

std::map<std::string, AgentKey> SqlAgents::keys(const std::set<std::string>& agent_ids) const {
  static const std::string kOfThese =
      std::string(") SELECT ") + kKeyColumns + " FROM v CROSS JOIN agents WHERE agent_id = v.agent";
  ValueRows ids;
  for (const auto& id : agent_ids)
    ids.add(id);
  std::map<std::string, AgentKey> found;
  ids.each("WITH v (agent) AS (VALUES ", kOfThese, {},
           [&](std::string_view sql, const std::vector<Value>& values) {
             for (auto rows = db_.queryValues(sql, values); rows.next();) {
               AgentKey key = keyFrom(rows);
               std::string id = key.agent_id;
               found.emplace(std::move(id), std::move(key));
             }
           });
  return found;
}

std::optional<AgentKey> SqlAgents::keyOf(const std::string& public_key, std::string& token_id) const {
  static const std::string sql =
      std::string("SELECT ") + kKeyColumns + ", token_id FROM agents WHERE public_key = ?";
  auto rows = db_.query(sql, Blob{public_key});
  if (!rows.next()) return std::nullopt;
  AgentKey key = keyFrom(rows);
  token_id = rows.text();
  return key;
}

bool SqlAgents::mayStillMint(const EnrolmentToken& token) const {
  if (token.minter_id.empty()) return true;
  return db_
      .query(
          "SELECT 1 FROM users u JOIN user_grants g ON g.user_id = u.user_id WHERE u.user_id = ? AND "
          "u.disabled = 0 AND g.role = 'admin' AND (g.client_id = '' OR (g.client_id = ? AND (g.site_id = '' "
          "OR g.site_id = ?))) LIMIT 1",
          token.minter_id, token.client_id, token.site_id)
      .next();
}

Enrolled SqlAgents::enrol(const NewAgent& agent, const std::string& token_secret_hash, std::int64_t now) {
  EnrolmentToken token;
  {
    auto rows = db_.query(
        "SELECT token_id, client_id, site_id, seats, expires_at, revoked_at, accept, rebinds, minter_id FROM "
        "enrolment_tokens "
        "WHERE secret_hash = ?",
        token_secret_hash);
    if (!rows.next()) return {};
    token.id = rows.text();
    token.client_id = rows.text();
    token.site_id = rows.text();
    token.seats = rows.integer();
    token.expires_at = rows.integer();
    token.revoked = rows.integer() != 0;
    token.accept = rows.text();
    token.rebinds = rows.text();
    token.minter_id = rows.text();
  }
  std::string came_with;
  auto known = keyOf(agent.public_key, came_with);
  const auto refused = [&](EnrolmentOutcome outcome) {
    return Enrolled{outcome, known.value_or(AgentKey{}), token.client_id, token.accept};
  };
  if (known && known->client_id != token.client_id) return refused(EnrolmentOutcome::kOtherClient);
  if (known && known->standing.state == "revoked") return refused(EnrolmentOutcome::kAgentRevoked);
  if (known && came_with == token.id)
    return {EnrolmentOutcome::kKnown, *known, token.client_id, token.accept};
  if (token.revoked) return refused(EnrolmentOutcome::kRevoked);
  if (token.expires_at <= now) return refused(EnrolmentOutcome::kExpired);
  if (!mayStillMint(token)) return refused(EnrolmentOutcome::kMinterEnded);
  if (!token.rebinds.empty()) {
    const auto bound = key(token.rebinds);
    if (!bound) return refused(EnrolmentOutcome::kUnknownToken);
    if (bound->standing.state == "revoked") return refused(EnrolmentOutcome::kAgentRevoked);
    if (known && known->agent_id != token.rebinds) return refused(EnrolmentOutcome::kOtherClient);
  }

  const std::string agent_id = !token.rebinds.empty() ? token.rebinds : known ? known->agent_id : newId();
  const std::int64_t seats_used = seatsTaken(token) + 1;
  if (seats_used > token.seats) return refused(EnrolmentOutcome::kSeatsExhausted);
  // The seat's number is part of the key: of two that take the same one, one fails.
  db_.post("INSERT INTO enrolment_seats (client_id, token_id, seat, agent_id) VALUES (?, ?, ?, ?)",
           token.client_id, token.id, seats_used, agent_id);
  if (!token.rebinds.empty()) {
    db_.execute(
        "UPDATE agents SET public_key = ?, old_key_until = 0, token_id = ?, doorbell = 0 WHERE client_id = ? "
        "AND agent_id = ?",
        Blob{agent.public_key}, token.id, token.client_id, agent_id);
    return {EnrolmentOutcome::kRebound,
            key(agent_id).value(),
            token.client_id,
            token.accept,
            token.id,
            seats_used};
  }
  if (known) {
    db_.post("UPDATE agents SET token_id = ? WHERE client_id = ? AND agent_id = ?", token.id, token.client_id,
             agent_id);
    return {EnrolmentOutcome::kAgain, *known, token.client_id, token.accept, token.id, seats_used};
  }
  db_.post(
      "INSERT INTO agents (client_id, agent_id, site_id, public_key, token_id, hostname, mode, "
      "agent_version, platform, "
      "os_name, os_version, enrolled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      token.client_id, agent_id, token.site_id, Blob{agent.public_key}, token.id, agent.hostname, agent.mode,
      agent.agent_version, agent.platform, agent.os_name, agent.os_version, now);
  return {EnrolmentOutcome::kEnrolled,
          {agent_id, token.client_id, token.site_id, agent.public_key},
          token.client_id,
          token.accept,
          token.id,
          seats_used};
}

// Seats are taken in their order and given back only with their token: the last one's number is how many
// are taken. To count those of one large token would be to read the table at each enrolment.
std::int64_t SqlAgents::seatsTaken(const EnrolmentToken& token) const {
  auto rows = db_.query(
      "SELECT seat FROM enrolment_seats WHERE client_id = ? AND token_id = ? ORDER BY seat DESC LIMIT 1",
      token.client_id, token.id);
  return rows.next() ? rows.integer() : 0;
}

void SqlAgents::addToken(const EnrolmentToken& token, const std::string& secret_hash) {
  db_.post(
      "INSERT INTO enrolment_tokens (client_id, token_id, site_id, secret_hash, seats, created_at, "
      "created_by, expires_at, accept, rebinds, minter_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      token.client_id, token.id, token.site_id, secret_hash, token.seats, token.created_at, token.created_by,
      token.expires_at, token.accept, token.rebinds, token.minter_id);
}

std::vector<EnrolmentToken> SqlAgents::tokens(const http::Visible& visible) const {
  Conditions where;
  restrict(where, visible, "t.client_id", "t.site_id");
  return tokensWhere(where);
}

std::optional<EnrolmentToken> SqlAgents::token(const std::string& token_id,
                                               const http::Visible& visible) const {
  Conditions where;
  where.add("t.token_id = ?", token_id);
  restrict(where, visible, "t.client_id", "t.site_id");
  auto found = tokensWhere(where);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<EnrolmentToken> SqlAgents::tokensWhere(const Conditions& where) const {
  std::vector<EnrolmentToken> tokens;
  const std::string sql =
      "SELECT t.token_id, t.client_id, t.site_id, t.seats, t.created_at, t.created_by, t.expires_at, "
      "t.revoked_at, t.accept, t.rebinds, "
      "COALESCE((SELECT s.seat FROM enrolment_seats s WHERE s.client_id = t.client_id AND s.token_id = "
      "t.token_id ORDER BY s.seat DESC LIMIT 1), 0) "
      "FROM enrolment_tokens t" +
      where.sql() + " ORDER BY t.created_at DESC, t.token_id LIMIT 500";
  auto rows = db_.queryValues(sql, where.values());
  while (rows.next()) {
    EnrolmentToken token;
    token.id = rows.text();
    token.client_id = rows.text();
    token.site_id = rows.text();
    token.seats = rows.integer();
    token.created_at = rows.integer();
    token.created_by = rows.text();
    token.expires_at = rows.integer();
    token.revoked = rows.integer() != 0;
    token.accept = rows.text();
    token.rebinds = rows.text();
    token.seats_used = rows.integer();
    tokens.push_back(std::move(token));
  }
  return tokens;
}

std::string SqlAgents::handedTrust() const {
  auto rows = db_.query("SELECT value FROM meta WHERE key = ?", kHandedTrust);
  return rows.next() ? rows.text() : "";
}

void SqlAgents::setHandedTrust(const std::string& mark) {
  db_.post(
      "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      kHandedTrust, mark);
}

bool SqlAgents::pruneTokens(std::int64_t before, int limit) {
  std::vector<std::pair<std::string, std::string>> old;
  {
    auto rows = db_.query("SELECT client_id, token_id FROM enrolment_tokens WHERE expires_at < ? LIMIT ?",
                          before, limit);
    while (rows.next()) {
      std::string client_id = rows.text();
      old.emplace_back(std::move(client_id), rows.text());
    }
  }
  for (const auto& [client_id, token_id] : old) {
    db_.post("DELETE FROM enrolment_seats WHERE client_id = ? AND token_id = ?", client_id, token_id);
    db_.post("DELETE FROM enrolment_tokens WHERE client_id = ? AND token_id = ?", client_id, token_id);
  }
  return old.size() == static_cast<std::size_t>(limit);
}

void SqlAgents::revokeRebinds(const std::string& agent_id, std::int64_t now) {
  db_.post(
      "UPDATE enrolment_tokens SET revoked_at = ? WHERE rebinds = ? AND revoked_at = 0 AND NOT EXISTS "
      "(SELECT 1 FROM enrolment_seats s WHERE s.client_id = enrolment_tokens.client_id AND s.token_id = "
      "enrolment_tokens.token_id)",
      now, agent_id);
}

void SqlAgents::revokeToken(const std::string& token_id, std::int64_t now) {
  db_.post("UPDATE enrolment_tokens SET revoked_at = ? WHERE token_id = ? AND revoked_at = 0", now, token_id);
}

void SqlAgents::revokeAllTokens(std::int64_t now) {
  db_.post("UPDATE enrolment_tokens SET revoked_at = ? WHERE revoked_at = 0", now);
}

AuthorityReach SqlAgents::authorityReach(const std::string& authority_mark, std::int64_t seen_since) const {
  const std::string believes = "%" + authority_mark + " %";
  AuthorityReach out;
  {
    auto rows = db_.query(
        "SELECT COUNT(*), COALESCE(SUM(CASE WHEN authorities LIKE ? THEN 1 ELSE 0 END), 0) FROM agents "
        "WHERE last_seen_at >= ? AND identity_state = 'active'",
        believes, seen_since);
    rows.next();
    out.seen = rows.integer();
    out.believe = rows.integer();
  }
  if (out.seen == out.believe) return out;
  auto rows = db_.query(
      "SELECT hostname FROM agents WHERE last_seen_at >= ? AND identity_state = 'active' AND authorities NOT "
      "LIKE ? ORDER BY last_seen_at, hostname LIMIT 10",
      seen_since, believes);
  while (rows.next())
    out.others.push_back(rows.text());
  return out;
}

LastStatus SqlAgents::lastStatus(const AgentKey& agent) const {
  auto rows = db_.query("SELECT config_state, boot_id FROM agents WHERE client_id = ? AND agent_id = ?",
                        agent.client_id, agent.agent_id);
  if (!rows.next()) throw http::Problem{404, "agent.not_found", "there is no such agent", "", 0};
  LastStatus status;
  status.config_state = rows.text();
  status.boot_id = rows.text();
  return status;
}

void SqlAgents::setStatus(const AgentKey& agent, const AgentStatus& status) {
  std::string authorities;
  for (const auto& mark : status.authorities)
    authorities += mark + ' ';
  db_.post(
      "UPDATE agents SET hostname = ?, agent_version = ?, mode = ?, isolation = ?, boot_id = ?, os_name = ?, "
      "os_version = ?, kernel = ?, config_state = ?, config_text = ?, authorities = ?, binding = ? WHERE "
      "client_id = ? "
      "AND agent_id = ?",
      status.hostname, status.agent_version, status.mode, status.isolation, status.boot_id, status.os_name,
      status.os_version, status.kernel, status.config_state, status.config_text, authorities, status.binding,
      agent.client_id, agent.agent_id);
  db_.post("DELETE FROM agent_plugins WHERE client_id = ? AND agent_id = ?", agent.client_id, agent.agent_id);
  for (const AgentPlugin& plugin : status.plugins) {
    bool updater = false;
    for (const auto& id : plugin.interfaces)
      updater = updater || id.starts_with("rf.updater/");
    db_.post(
        "INSERT INTO agent_plugins (client_id, agent_id, plugin, name, version, interfaces, is_updater, "
        "state, text) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        agent.client_id, agent.agent_id, plugin.id, plugin.name, plugin.version,
        toJsonList(plugin.interfaces), updater, plugin.state, plugin.text);
  }
}

std::vector<AgentPlugin> SqlAgents::plugins(const AgentKey& agent) const {
  std::vector<AgentPlugin> plugins;
  auto rows = db_.query(
      "SELECT plugin, name, version, interfaces, state, text FROM agent_plugins WHERE client_id = ? AND "
      "agent_id = ? "
      "ORDER BY plugin",
      agent.client_id, agent.agent_id);
  while (rows.next()) {
    plugins.push_back(
        {rows.text(), rows.text(), rows.text(), fromJsonList(rows.text()), rows.text(), rows.text()});
  }
  return plugins;
}

std::map<std::string, Recipient> SqlAgents::recipients(const std::set<std::string>& agent_ids,
                                                       const http::Visible& visible) const {
  Conditions where;
  where.add("a.agent_id = v.agent");
  restrict(where, visible, "a.client_id", "a.site_id");
  ValueRows ids;
  for (const auto& id : agent_ids)
    ids.add(id);
  std::map<std::string, Recipient> found;
  ids.each("WITH v (agent) AS (VALUES ",
           ") SELECT a.agent_id, a.client_id, a.site_id, a.hostname, a.mode, COALESCE(p.plugin, '') FROM v "
           "CROSS JOIN agents a LEFT JOIN agent_plugins p ON p.client_id = a.client_id AND p.agent_id = "
           "a.agent_id AND p.state = 'ok'" +
               where.sql() + " ORDER BY p.plugin",
           where.values(), [&](std::string_view sql, const std::vector<Value>& values) {
             for (auto rows = db_.queryValues(sql, values); rows.next();) {
               Recipient& one = found[rows.text()];
               for (std::string* field : {&one.client_id, &one.site_id, &one.hostname, &one.mode})
                 *field = rows.text();
               if (auto plugin = rows.text(); !plugin.empty()) one.plugins.push_back(std::move(plugin));
             }
           });
  return found;
}

void SqlAgents::setBreaker(const AgentKey& agent, const Breaker& breaker) {
  db_.post(
      "INSERT INTO breakers (client_id, agent_id, plugin, interface, plugin_version, state, since, "
      "open_until, class, code, "
      "text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (client_id, agent_id, plugin, interface) "
      "DO UPDATE SET "
      "plugin_version = excluded.plugin_version, state = excluded.state, since = excluded.since, "
      "open_until = excluded.open_until, class = excluded.class, code = excluded.code, text = excluded.text",
      agent.client_id, agent.agent_id, breaker.plugin, breaker.interface_id, breaker.plugin_version,
      breaker.state, breaker.since, breaker.open_until, breaker.failure_class, breaker.code, breaker.text);
}

void SqlAgents::trimBreakers(const AgentKey& agent, std::int64_t keep) {
  db_.post(
      "DELETE FROM breakers WHERE client_id = ?1 AND agent_id = ?2 AND (plugin, interface) NOT IN (SELECT "
      "plugin, interface FROM breakers WHERE client_id = ?1 AND agent_id = ?2 ORDER BY CASE WHEN state = "
      "'closed' THEN 1 ELSE 0 END, since DESC, plugin, interface LIMIT ?3)",
      agent.client_id, agent.agent_id, keep);
}

std::vector<Breaker> SqlAgents::breakers(const AgentKey& agent) const {
  std::vector<Breaker> breakers;
  auto rows = db_.query(
      "SELECT plugin, interface, plugin_version, state, since, open_until, class, code, text FROM breakers "
      "WHERE client_id = ? AND agent_id = ? ORDER BY plugin, interface",
      agent.client_id, agent.agent_id);
  while (rows.next()) {
    breakers.push_back({rows.text(), rows.text(), rows.text(), rows.text(), rows.integer(), rows.integer(),
                        rows.text(), rows.text(), rows.text()});
  }
  return breakers;
}

}  // namespace redflag::store::sql
