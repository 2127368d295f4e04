#include "store/sql/factors.h"

namespace redflag::store::sql {

std::string SqlFactors::keyMark(const std::string& kind) const {
  auto rows = db_.query("SELECT value FROM meta WHERE key = ?", kind + "_key");
  return rows.next() ? rows.text() : "";
}

void SqlFactors::setKeyMark(const std::string& kind, const std::string& mark) {
  db_.post(
      "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      kind + "_key", mark);
}

std::optional<SealedSecret> SqlFactors::newestSealed() const {
  auto rows = db_.query(
      "SELECT user_id, sealed_secret FROM second_factors WHERE confirmed_at > 0 ORDER BY confirmed_at DESC, "
      "user_id LIMIT 1");
  if (!rows.next()) return std::nullopt;
  SealedSecret newest;
  newest.user_id = rows.text();
  newest.sealed_secret = rows.blob();
  return newest;
}

std::optional<auth::StoredFactor> SqlFactors::find(const std::string& user_id) const {
  auto rows = db_.query(
      "SELECT f.sealed_secret, f.confirmed_at, f.last_step, "
      "(SELECT COUNT(*) FROM recovery_codes c WHERE c.user_id = f.user_id) "
      "FROM second_factors f WHERE f.user_id = ?",
      user_id);
  if (!rows.next()) return std::nullopt;
  return auth::StoredFactor{rows.blob(), rows.integer(), rows.integer(), rows.integer()};
}

bool SqlFactors::begin(const std::string& user_id, const std::string& sealed_secret, std::int64_t now) {
  return db_.execute(
             "INSERT INTO second_factors (user_id, sealed_secret, begun_at) VALUES (?, ?, ?) "
             "ON CONFLICT (user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, "
             "begun_at = excluded.begun_at WHERE second_factors.confirmed_at = 0",
             user_id, Blob{sealed_secret}, now) > 0;
}

bool SqlFactors::confirm(const std::string& user_id, std::int64_t step, std::int64_t now) {
  return db_.execute(
             "UPDATE second_factors SET confirmed_at = ?, last_step = ? WHERE user_id = ? AND confirmed_at = "
             "0",
             now, step, user_id) > 0;
}

bool SqlFactors::spendStep(const std::string& user_id, std::int64_t step) {
  return db_.execute(
             "UPDATE second_factors SET last_step = ?1 WHERE user_id = ?2 AND confirmed_at > 0 AND last_step "
             "< ?1",
             step, user_id) > 0;
}

bool SqlFactors::spendRecoveryCode(const std::string& user_id, const std::string& hash) {
  return db_.execute("DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?", user_id, Blob{hash}) >
         0;
}

void SqlFactors::replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes) {
  db_.post("DELETE FROM recovery_codes WHERE user_id = ?", user_id);
  for (const auto& hash : hashes)
    db_.post("INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)", user_id, Blob{hash});
}

bool SqlFactors::remove(const std::string& user_id) {
  return db_.execute("DELETE FROM second_factors WHERE user_id = ?", user_id) > 0;
}

void SqlFactors::addPending(const auth::PendingSignIn& pending) {
  db_.post(
      "INSERT INTO pending_sign_ins (token_hash, user_id, password_hash, expires_at) VALUES (?, ?, ?, ?)",
      Blob{pending.token_hash}, pending.user_id, pending.password_hash, pending.expires_at);
}

std::optional<std::string> SqlFactors::tryPending(const std::string& token_hash, std::int64_t now,
                                                  std::int64_t most) {
  if (db_.execute("UPDATE pending_sign_ins SET tries = tries + 1 WHERE token_hash = ? AND expires_at > ? AND "
                  "tries < ?",
                  Blob{token_hash}, now, most) == 0)
    return std::nullopt;
  auto rows = db_.query(
      "SELECT u.username FROM pending_sign_ins p JOIN users u ON u.user_id = p.user_id AND "
      "u.password_hash = p.password_hash WHERE p.token_hash = ?",
      Blob{token_hash});
  return rows.next() ? std::optional(rows.text()) : std::nullopt;
}

bool SqlFactors::removePending(const std::string& token_hash) {
  return db_.execute("DELETE FROM pending_sign_ins WHERE token_hash = ?", Blob{token_hash}) > 0;
}

void SqlFactors::removePendingOf(const std::string& user_id) {
  db_.post("DELETE FROM pending_sign_ins WHERE user_id = ?", user_id);
}

void SqlFactors::removeExpiredPending(std::int64_t now) {
  db_.post("DELETE FROM pending_sign_ins WHERE expires_at <= ?", now);
}

}  // namespace redflag::store::sql
