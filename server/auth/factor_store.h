#pragma once
// What second factors need from storage. Implemented over the store; every function is called from any worker
// thread at any time and throws http::Problem or std::exception when the store cannot answer. Times are epoch
// nanoseconds.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auth/notice.h"

namespace redflag::auth {

struct StoredFactor {
  std::string sealed_secret;
  std::int64_t confirmed_at = 0;  // 0: begun only, and no factor yet
  std::int64_t last_step = 0;     // the newest time step of which a code was accepted
  std::int64_t recovery_codes = 0;
};

// The first half of a sign-in. The browser holds 32 random bytes; the store their SHA-256.
struct PendingSignIn {
  std::string token_hash;  // 32 raw bytes
  std::string user_id;
  std::string password_hash;  // as it was verified: a changed password ends it
  std::int64_t expires_at = 0;
};

// What a function with a notice changes and the notice are kept together, or neither is.
class FactorStore {
 public:
  virtual ~FactorStore() = default;

  virtual std::optional<StoredFactor> findFactor(const std::string& user_id) const = 0;
  // Replaces one that was not confirmed. false: a confirmed one is there, and stays.
  virtual bool beginFactor(const std::string& user_id, const std::string& sealed_secret,
                           std::int64_t now) = 0;
  // false when nothing unconfirmed is there.
  virtual bool confirmFactor(const std::string& user_id, std::int64_t step, std::int64_t now,
                             const std::vector<std::string>& recovery_hashes, const Notice& notice) = 0;
  // false: a code of this step or a newer one was accepted before.
  virtual bool spendStep(const std::string& user_id, std::int64_t step) = 0;
  // false: there is no such code (any more).
  virtual bool spendRecoveryCode(const std::string& user_id, const std::string& hash,
                                 const Notice& notice) = 0;
  virtual void replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes,
                                    const Notice& notice) = 0;
  // false when there is none.
  virtual bool removeFactor(const std::string& user_id, const Notice& notice) = 0;

  // Forgets those that expired, too.
  virtual void addPending(const PendingSignIn& pending, std::int64_t now) = 0;
  // Counts one try; the name of its user. nullopt for one that is unknown, expired, or was tried `most`
  // times.
  virtual std::optional<std::string> tryPending(const std::string& token_hash, std::int64_t now,
                                                std::int64_t most) = 0;
  virtual bool removePending(const std::string& token_hash) = 0;  // false: it was not there any more
};

}  // namespace redflag::auth
