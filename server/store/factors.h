#pragma once
// Second factors of people, and sign-ins that wait for one.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/factor_store.h"

namespace redflag::store {

struct SealedSecret {
  std::string user_id;
  std::string sealed_secret;
};

class Factors {
 public:
  virtual ~Factors() = default;

  // Which key of a kind servers on this database have: "second_factor", which secrets are sealed with,
  // "access", "device". "" while nobody has said so.
  virtual std::string keyMark(const std::string& kind) const = 0;
  virtual void setKeyMark(const std::string& kind, const std::string& mark) = 0;
  // Of the confirmed ones.
  virtual std::optional<SealedSecret> newestSealed() const = 0;

  virtual std::optional<auth::StoredFactor> find(const std::string& user_id) const = 0;
  // Each false when what it asks for is not so, as auth/factor_store.h says; then nothing is changed.
  virtual bool begin(const std::string& user_id, const std::string& sealed_secret, std::int64_t now) = 0;
  virtual bool confirm(const std::string& user_id, std::int64_t step, std::int64_t now) = 0;
  virtual bool spendStep(const std::string& user_id, std::int64_t step) = 0;
  virtual bool spendRecoveryCode(const std::string& user_id, const std::string& hash) = 0;
  virtual void replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes) = 0;
  virtual bool remove(const std::string& user_id) = 0;

  virtual void addPending(const auth::PendingSignIn& pending) = 0;
  virtual std::optional<std::string> tryPending(const std::string& token_hash, std::int64_t now,
                                                std::int64_t most) = 0;
  virtual bool removePending(const std::string& token_hash) = 0;  // false: it was not there any more
  virtual void removePendingOf(const std::string& user_id) = 0;
  virtual void removeExpiredPending(std::int64_t now) = 0;
};

}  // namespace redflag::store
