#pragma once
// Users, their sessions, and the answers they were given.

#include <cstdint>
#include <optional>
#include <string>

#include "auth/interfaces.h"

namespace redflag::store {

struct StoredAnswer {
  std::string request_hash;
  int status = 0;
  std::string body;
};

class People {
 public:
  virtual ~People() = default;

  virtual bool anyUser() const = 0;
  // Who may sign in with this name: a person that is not disabled.
  virtual std::optional<auth::User> findUser(const std::string& username) const = 0;
  virtual bool addUser(const auth::User& user, std::int64_t now) = 0;  // false: the name is taken
  virtual http::Grants grantsOf(const std::string& user_id) const = 0;
  virtual void setGrants(const std::string& user_id, const http::Grants& grants) = 0;  // instead of the older

  virtual void addSession(const auth::Session& session) = 0;
  virtual std::optional<auth::SessionUser> findSession(const std::string& token_hash) const = 0;
  virtual void touchSession(const std::string& token_hash, std::int64_t last_used_at) = 0;
  virtual void removeSession(const std::string& token_hash) = 0;
  virtual void removeStaleSessions(std::int64_t now, std::int64_t idle_since) = 0;

  // Of an Idempotency-Key, per user.
  virtual std::optional<StoredAnswer> answer(const std::string& user_id, const std::string& key) const = 0;
  virtual void rememberAnswer(const std::string& user_id, const std::string& key, const StoredAnswer& answer,
                              std::int64_t now) = 0;
  // At most `limit`; true: there may be more.
  virtual bool pruneAnswers(std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
