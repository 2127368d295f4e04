#pragma once
// Users and service accounts, their sessions and tokens, and the answers they were given.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth/interfaces.h"

namespace redflag::store {

struct StoredAnswer {
  std::string request_hash;
  int status = 0;
  std::string body;
};

// A person, who signs in, or a service account, which shows tokens.
struct Account {
  std::string id;
  std::string name;
  std::string kind;  // person | service
  http::Grants grants;
  bool disabled = false;
  std::int64_t created_at = 0;
  std::int64_t last_used_at = 0;  // of its sessions that are there, or tokens; 0: none
};

// From how many machines on an order of a class of risk needs a second person; 0: from none.
struct SecondPersonRule {
  std::int64_t machines = 0;
  std::int64_t machines_before = 0;  // until the last change
  std::int64_t changed_at = 0;
  std::string changed_by;
};

// Who, other than its owner, last gave an account its password.
struct Arming {
  std::string by;
  std::int64_t at = 0;
};

struct ApiToken {
  std::string id;
  std::string account_id;
  std::string name;
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t expires_at = 0;
  std::int64_t revoked_at = 0;    // 0: not
  std::int64_t last_used_at = 0;  // 0: never
  std::string minter_id = {};     // the account that made it; "": the server's console
  bool ended = false;             // that account could not make it now; not read by addApiToken()
};

class People {
 public:
  virtual ~People() = default;

  virtual bool anyUser() const = 0;
  // Who may sign in with this name: a person that is not disabled.
  virtual std::optional<auth::User> findUser(const std::string& username) const = 0;
  virtual std::optional<auth::User> findUserById(const std::string& user_id) const = 0;
  virtual bool addUser(const auth::User& user, std::int64_t now) = 0;  // false: the name is taken
  virtual http::Grants grantsOf(const std::string& user_id) const = 0;
  virtual void setGrants(const std::string& user_id, const http::Grants& grants) = 0;  // instead of the older

  // Of a kind, by name. Who may know of them is for services/users.h to say.
  virtual std::vector<Account> accounts(const std::string& kind) const = 0;
  virtual std::optional<Account> account(const std::string& id) const = 0;
  virtual bool addAccount(const Account& account,
                          const std::string& password_hash) = 0;  // false: as addUser()
  virtual void setDisabled(const std::string& id, bool disabled) = 0;
  virtual void setPassword(const std::string& id, const std::string& password_hash) = 0;
  virtual void removeAccount(const std::string& id) = 0;  // with its grants, sessions and tokens

  virtual std::vector<ApiToken> apiTokens(const std::string& account_id) const = 0;  // newest first
  virtual std::optional<ApiToken> apiToken(const std::string& token_id) const = 0;
  virtual void addApiToken(const ApiToken& token, const std::string& token_hash) = 0;
  virtual void revokeApiToken(const std::string& token_id, std::int64_t now) = 0;
  virtual void revokeAllApiTokens(std::int64_t now) = 0;
  // Of an account that is not disabled; not a revoked one, nor one that its maker could not make now.
  virtual std::optional<auth::TokenAccount> findApiToken(const std::string& token_hash) const = 0;
  virtual void touchApiToken(const std::string& token_hash, std::int64_t last_used_at) = 0;
  // Forgets tokens that expired before. At most `limit`; true: there may be more.
  virtual bool pruneApiTokens(std::int64_t before, int limit) = 0;

  virtual void addSession(const auth::Session& session) = 0;
  virtual std::optional<auth::SessionUser> findSession(const std::string& token_hash) const = 0;
  virtual void touchSession(const std::string& token_hash, std::int64_t last_used_at) = 0;
  virtual void proveSession(const std::string& token_hash, std::int64_t proven_at) = 0;
  virtual void removeSession(const std::string& token_hash) = 0;
  virtual std::vector<auth::Session> sessionsOf(const std::string& user_id) const = 0;  // newest first
  // All but the one with `kept_hash`, which may be "".
  virtual void removeSessionsOf(const std::string& user_id, const std::string& kept_hash) = 0;
  virtual void removeStaleSessions(std::int64_t now, std::int64_t idle_since) = 0;

  // Of an Idempotency-Key, per user.
  virtual std::optional<StoredAnswer> answer(const std::string& user_id, const std::string& key) const = 0;
  struct Answers {
    std::int64_t count = 0;
    std::int64_t bytes = 0;
  };
  virtual Answers answersOf(const std::string& user_id) const = 0;
  virtual void rememberAnswer(const std::string& user_id, const std::string& key, const StoredAnswer& answer,
                              std::int64_t now) = 0;
  // What admins set, by policy; nullopt takes it back.
  virtual std::map<std::string, std::int64_t> rates() const = 0;
  virtual void setRate(const std::string& policy, std::optional<std::int64_t> per_minute) = 0;

  // By class of risk.
  virtual std::map<std::string, SecondPersonRule> secondPersonRules() const = 0;
  virtual void setSecondPersonRule(const std::string& risk, const SecondPersonRule& rule) = 0;
  virtual Arming arming(const std::string& user_id) const = 0;
  virtual void setArming(const std::string& user_id, const Arming& arming) = 0;

  // Those from before, and the oldest of what is more than `keep_bytes` together. At most `limit`; true:
  // there may be more.
  virtual bool pruneAnswers(std::int64_t before, std::int64_t keep_bytes, int limit) = 0;
};

}  // namespace redflag::store
