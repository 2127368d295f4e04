#pragma once
// What second factors, and what is written down of people, ask of the store.

#include "auth/factor_store.h"
#include "services/context.h"

namespace redflag::services {

class SecondFactors : public auth::FactorStore, public auth::NoticeBoard {
 public:
  explicit SecondFactors(const Context& context) : context_(context) {}

  void note(const auth::Notice& notice) override;

  std::optional<auth::StoredFactor> findFactor(const std::string& user_id) const override;
  bool beginFactor(const std::string& user_id, const std::string& sealed_secret, std::int64_t now) override;
  bool confirmFactor(const std::string& user_id, std::int64_t step, std::int64_t now,
                     const std::vector<std::string>& recovery_hashes, const auth::Notice& notice) override;
  bool spendStep(const std::string& user_id, std::int64_t step) override;
  bool spendRecoveryCode(const std::string& user_id, const std::string& hash,
                         const auth::Notice& notice) override;
  void replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes,
                            const auth::Notice& notice) override;
  bool removeFactor(const std::string& user_id, const auth::Notice& notice) override;

  void addPending(const auth::PendingSignIn& pending, std::int64_t now) override;
  std::optional<std::string> tryPending(const std::string& token_hash, std::int64_t now,
                                        std::int64_t most) override;
  bool removePending(const std::string& token_hash) override;

 private:
  void record(store::WriteTransaction& tx, const auth::Notice& notice) const;

  const Context& context_;
};

}  // namespace redflag::services
