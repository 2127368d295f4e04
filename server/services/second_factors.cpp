#include "services/second_factors.h"

#include "store/events.h"
#include "store/factors.h"

namespace redflag::services {

using store::ReadTransaction;
using store::WriteTransaction;

// People belong to no client.
void SecondFactors::record(WriteTransaction& tx, const auth::Notice& notice) const {
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = notice.subsystem;
  entry.actor = notice.actor;
  entry.kind = notice.kind;
  entry.text = notice.text;
  entry.severity = notice.severity;
  tx.events().record("", "", entry);
}

void SecondFactors::note(const auth::Notice& notice) {
  context_.store.write([&](WriteTransaction& tx) { record(tx, notice); });
}

std::optional<auth::StoredFactor> SecondFactors::findFactor(const std::string& user_id) const {
  return context_.store.read([&](const ReadTransaction& tx) { return tx.factors().find(user_id); });
}

bool SecondFactors::beginFactor(const std::string& user_id, const std::string& sealed_secret,
                                std::int64_t now) {
  return context_.store.write(
      [&](WriteTransaction& tx) { return tx.factors().begin(user_id, sealed_secret, now); });
}

bool SecondFactors::confirmFactor(const std::string& user_id, std::int64_t step, std::int64_t now,
                                  const std::vector<std::string>& recovery_hashes,
                                  const auth::Notice& notice) {
  return context_.store.write([&](WriteTransaction& tx) {
    if (!tx.factors().confirm(user_id, step, now)) return false;
    tx.factors().replaceRecoveryCodes(user_id, recovery_hashes);
    record(tx, notice);
    return true;
  });
}

bool SecondFactors::spendStep(const std::string& user_id, std::int64_t step) {
  return context_.store.write([&](WriteTransaction& tx) { return tx.factors().spendStep(user_id, step); });
}

bool SecondFactors::spendRecoveryCode(const std::string& user_id, const std::string& hash,
                                      const auth::Notice& notice) {
  return context_.store.write([&](WriteTransaction& tx) {
    if (!tx.factors().spendRecoveryCode(user_id, hash)) return false;
    record(tx, notice);
    return true;
  });
}

void SecondFactors::replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes,
                                         const auth::Notice& notice) {
  context_.store.write([&](WriteTransaction& tx) {
    tx.factors().replaceRecoveryCodes(user_id, hashes);
    record(tx, notice);
  });
}

bool SecondFactors::removeFactor(const std::string& user_id, const auth::Notice& notice) {
  return context_.store.write([&](WriteTransaction& tx) {
    if (!tx.factors().remove(user_id)) return false;
    record(tx, notice);
    return true;
  });
}

void SecondFactors::addPending(const auth::PendingSignIn& pending, std::int64_t now) {
  context_.store.write([&](WriteTransaction& tx) {
    tx.factors().removeExpiredPending(now);
    tx.factors().addPending(pending);
  });
}

std::optional<std::string> SecondFactors::tryPending(const std::string& token_hash, std::int64_t now,
                                                     std::int64_t most) {
  return context_.store.write(
      [&](WriteTransaction& tx) { return tx.factors().tryPending(token_hash, now, most); });
}

bool SecondFactors::removePending(const std::string& token_hash) {
  return context_.store.write([&](WriteTransaction& tx) { return tx.factors().removePending(token_hash); });
}

}  // namespace redflag::services
