#pragma once
// What sign-in and signed requests need from storage. Implemented over the store; every function is called
// from any worker thread at any time and throws http::Problem or std::exception when the store cannot answer.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/grants.h"

namespace redflag::auth {

struct AgentIdentity {
  std::string agent_id;
  std::string client_id;
  std::string public_key;        // 32 raw bytes, Ed25519
  std::string state = "active";  // store::Standing
  std::string line;              // the newest one, and the number of its newest document
  std::int64_t number = 0;
  std::string old_key = {};        // handed over to public_key; "": never
  std::int64_t old_key_until = 0;  // epoch ns: until then it opens as much
};

class AgentDirectory {
 public:
  virtual ~AgentDirectory() = default;
  // Also one that was revoked.
  virtual std::optional<AgentIdentity> findAgent(const std::string& agent_id) const = 0;
  // The agent's key was used on another line than its newest. False: that line was ended.
  virtual bool lineSeen(const AgentIdentity& agent, const std::string& line) = 0;
  // A request in the agent's name was refused, as somebody's who should not have made it; empty for an agent
  // that does not exist. Remembers some of those that come together.
  virtual void refused(const AgentIdentity& agent, const std::string& code, const std::string& peer) = 0;
};

struct User {
  std::string id;             // newId()
  std::string username;       // unique; already normalised (lower case, 1 to 64 characters)
  std::string password_hash;  // libsodium's text form of Argon2id
  http::Grants grants;
};

class UserStore {
 public:
  virtual ~UserStore() = default;
  virtual bool anyUser() const = 0;
  virtual std::optional<User> findUser(const std::string& username) const = 0;
  virtual std::optional<User> findUserById(const std::string& user_id) const = 0;
  // One transaction: false, and nothing stored, when any user exists already.
  virtual bool createFirstUser(const User& user) = 0;
  // false, and nothing stored, when the name is taken.
  virtual bool createUser(const User& user) = 0;
  // Ends every session of the user, and every sign-in that is under way. false, and nothing changed, when
  // the password is not user.password_hash any more.
  virtual bool changePassword(const User& user, const std::string& password_hash) = 0;
};

// A session as stored. The browser holds 32 random bytes; the store only their SHA-256, so that a stolen
// database signs nobody in. Times are epoch nanoseconds.
struct Session {
  std::string token_hash;  // 32 raw bytes, unique
  std::string user_id;
  std::int64_t created_at = 0;
  std::int64_t last_used_at = 0;
  std::int64_t expires_at = 0;  // absolute; the idle limit is the caller's
  std::string address = {};     // that it began from
  std::int64_t proven_at = 0;   // when its person last gave a password or a code
};

struct SessionUser {
  Session session;
  std::string username;
  http::Grants grants;         // as they are now, so that a changed one counts at once
  bool second_factor = false;  // there is one
};

// Whose a token is that is neither revoked nor of a disabled account, and whose maker is there and
// administers all that the account may.
struct TokenAccount {
  std::string token_hash;  // 32 raw bytes
  std::string account_id;
  std::string name;
  http::Grants grants;
  std::int64_t expires_at = 0;
  std::int64_t last_used_at = 0;
  std::string minter_id = {};  // the account that made it
};

class TokenStore {
 public:
  virtual ~TokenStore() = default;
  virtual std::optional<TokenAccount> findToken(const std::string& token_hash) const = 0;
  virtual void touchToken(const std::string& token_hash, std::int64_t last_used_at) = 0;
};

class SessionStore {
 public:
  virtual ~SessionStore() = default;
  // false, and nothing stored, when its user is gone, disabled, or has another password than this by now.
  virtual bool createSession(const Session& session, const std::string& password_hash) = 0;
  virtual std::optional<SessionUser> findSession(const std::string& token_hash) const = 0;
  virtual void touchSession(const std::string& token_hash, std::int64_t last_used_at) = 0;
  virtual void proveSession(const std::string& token_hash, std::int64_t proven_at) = 0;
  virtual void removeSession(const std::string& token_hash) = 0;
  virtual std::vector<Session> sessionsOf(const std::string& user_id) const = 0;  // newest first
  // All but the one with `kept_hash`, which may be "".
  virtual void removeSessionsOf(const std::string& user_id, const std::string& kept_hash) = 0;
  // Sessions that expired, or were last used before `idle_since`.
  virtual void removeStaleSessions(std::int64_t now, std::int64_t idle_since) = 0;
};

}  // namespace redflag::auth
