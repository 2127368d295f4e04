#pragma once
#include "store/people.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlPeople : public People {
 public:
  explicit SqlPeople(Connection& connection) : db_(connection) {}

  bool anyUser() const override;
  std::optional<auth::User> findUser(const std::string& username) const override;
  bool addUser(const auth::User& user, std::int64_t now) override;
  http::Grants grantsOf(const std::string& user_id) const override;
  void setGrants(const std::string& user_id, const http::Grants& grants) override;
  void addSession(const auth::Session& session) override;
  std::optional<auth::SessionUser> findSession(const std::string& token_hash) const override;
  void touchSession(const std::string& token_hash, std::int64_t last_used_at) override;
  void removeSession(const std::string& token_hash) override;
  void removeStaleSessions(std::int64_t now, std::int64_t idle_since) override;
  std::optional<StoredAnswer> answer(const std::string& user_id, const std::string& key) const override;
  void rememberAnswer(const std::string& user_id, const std::string& key, const StoredAnswer& answer,
                      std::int64_t now) override;
  bool pruneAnswers(std::int64_t before, int limit) override;

 private:
  Connection& db_;
};

}  // namespace redflag::store::sql
