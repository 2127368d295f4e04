#pragma once
// What sign-in and signed requests ask of the store.

#include "auth/interfaces.h"
#include "auth/rate_limits.h"
#include "services/context.h"

namespace redflag::services {

class Accounts : public auth::UserStore,
                 public auth::SessionStore,
                 public auth::TokenStore,
                 public auth::RateStore {
 public:
  explicit Accounts(const Context& context) : context_(context) {}

  bool anyUser() const override;
  std::optional<auth::User> findUser(const std::string& username) const override;
  std::optional<auth::User> findUserById(const std::string& user_id) const override;
  bool createFirstUser(const auth::User& user) override;
  bool createUser(const auth::User& user) override;
  bool changePassword(const auth::User& user, const std::string& password_hash) override;

  std::optional<auth::TokenAccount> findToken(const std::string& token_hash) const override;
  void touchToken(const std::string& token_hash, std::int64_t last_used_at) override;

  bool createSession(const auth::Session& session, const std::string& password_hash) override;
  std::optional<auth::SessionUser> findSession(const std::string& token_hash) const override;
  void touchSession(const std::string& token_hash, std::int64_t last_used_at) override;
  void proveSession(const std::string& token_hash, std::int64_t proven_at) override;
  void removeSession(const std::string& token_hash) override;
  std::vector<auth::Session> sessionsOf(const std::string& user_id) const override;
  void removeSessionsOf(const std::string& user_id, const std::string& kept_hash) override;
  void removeStaleSessions(std::int64_t now, std::int64_t idle_since) override;

  std::map<std::string, std::int64_t> rates() const override;
  void setRate(const std::string& policy, std::optional<std::int64_t> per_minute,
               const std::string& actor) override;

 private:
  const Context& context_;
};

}  // namespace redflag::services
