#pragma once
#include "store/factors.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlFactors : public Factors {
 public:
  explicit SqlFactors(Connection& connection) : db_(connection) {}

  std::string keyMark(const std::string& kind) const override;
  void setKeyMark(const std::string& kind, const std::string& mark) override;
  std::optional<SealedSecret> newestSealed() const override;
  std::optional<auth::StoredFactor> find(const std::string& user_id) const override;
  bool begin(const std::string& user_id, const std::string& sealed_secret, std::int64_t now) override;
  bool confirm(const std::string& user_id, std::int64_t step, std::int64_t now) override;
  bool spendStep(const std::string& user_id, std::int64_t step) override;
  bool spendRecoveryCode(const std::string& user_id, const std::string& hash) override;
  void replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes) override;
  bool remove(const std::string& user_id) override;
  void addPending(const auth::PendingSignIn& pending) override;
  std::optional<std::string> tryPending(const std::string& token_hash, std::int64_t now,
                                        std::int64_t most) override;
  bool removePending(const std::string& token_hash) override;
  void removePendingOf(const std::string& user_id) override;
  void removeExpiredPending(std::int64_t now) override;

 private:
  Connection& db_;
};

}  // namespace redflag::store::sql
