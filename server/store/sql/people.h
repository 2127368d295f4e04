#pragma once
#include "store/people.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlPeople : public People {
 public:
  explicit SqlPeople(Connection& connection) : db_(connection) {}

  bool anyUser() const override;
  std::optional<auth::User> findUser(const std::string& username) const override;
  std::optional<auth::User> findUserById(const std::string& user_id) const override;
  bool addUser(const auth::User& user, std::int64_t now) override;
  http::Grants grantsOf(const std::string& user_id) const override;
  void setGrants(const std::string& user_id, const http::Grants& grants) override;
  std::vector<Account> accounts(const std::string& kind) const override;
  std::optional<Account> account(const std::string& id) const override;
  bool addAccount(const Account& account, const std::string& password_hash) override;
  void setDisabled(const std::string& id, bool disabled) override;
  void setPassword(const std::string& id, const std::string& password_hash) override;
  void removeAccount(const std::string& id) override;
  std::vector<ApiToken> apiTokens(const std::string& account_id) const override;
  std::optional<ApiToken> apiToken(const std::string& token_id) const override;
  void addApiToken(const ApiToken& token, const std::string& token_hash) override;
  void revokeAllApiTokens(std::int64_t now) override;
  void revokeApiToken(const std::string& token_id, std::int64_t now) override;
  std::optional<auth::TokenAccount> findApiToken(const std::string& token_hash) const override;
  void touchApiToken(const std::string& token_hash, std::int64_t last_used_at) override;
  bool pruneApiTokens(std::int64_t before, int limit) override;
  void addSession(const auth::Session& session) override;
  std::optional<auth::SessionUser> findSession(const std::string& token_hash) const override;
  void touchSession(const std::string& token_hash, std::int64_t last_used_at) override;
  void proveSession(const std::string& token_hash, std::int64_t proven_at) override;
  void removeSession(const std::string& token_hash) override;
  std::vector<auth::Session> sessionsOf(const std::string& user_id) const override;
  void removeSessionsOf(const std::string& user_id, const std::string& kept_hash) override;
  void removeStaleSessions(std::int64_t now, std::int64_t idle_since) override;
  std::optional<StoredAnswer> answer(const std::string& user_id, const std::string& key) const override;
  void rememberAnswer(const std::string& user_id, const std::string& key, const StoredAnswer& answer,
                      std::int64_t now) override;
  std::map<std::string, std::int64_t> rates() const override;
  void setRate(const std::string& policy, std::optional<std::int64_t> per_minute) override;
  std::map<std::string, SecondPersonRule> secondPersonRules() const override;
  void setSecondPersonRule(const std::string& risk, const SecondPersonRule& rule) override;
  Arming arming(const std::string& user_id) const override;
  void setArming(const std::string& user_id, const Arming& arming) override;
  Answers answersOf(const std::string& user_id) const override;
  bool pruneAnswers(std::int64_t before, std::int64_t keep_bytes, int limit) override;

 private:
  std::vector<Account> accountsWhere(const std::string& column, const std::string& value) const;
  std::vector<ApiToken> apiTokensWhere(const std::string& column, const std::string& value) const;

  Connection& db_;
};

}  // namespace redflag::store::sql
