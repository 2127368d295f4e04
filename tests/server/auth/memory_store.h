#pragma once
// What sign-in needs from storage, in memory; and a clock that is turned by hand.

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "auth/interfaces.h"
#include "base/time.h"

namespace redflag::auth {

class MemoryStore : public AgentDirectory, public UserStore, public SessionStore, public TokenStore {
 public:
  std::optional<AgentIdentity> findAgent(const std::string& agent_id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = agents.find(agent_id);
    return found == agents.end() ? std::nullopt : std::optional(found->second);
  }
  bool lineSeen(const AgentIdentity&, const std::string& line) override { return known_lines.contains(line); }
  void refused(const AgentIdentity& agent, const std::string& code, const std::string&) override {
    refusals.push_back(agent.agent_id + ' ' + code);
  }
  bool anyUser() const override {
    const std::lock_guard lock(mutex_);
    return !users.empty();
  }
  std::optional<User> findUser(const std::string& username) const override {
    const std::lock_guard lock(mutex_);
    const auto found = users.find(username);
    return found == users.end() ? std::nullopt : std::optional(found->second);
  }
  bool createFirstUser(const User& user) override {
    const std::lock_guard lock(mutex_);
    return users.empty() && users.emplace(user.username, user).second;
  }
  bool createUser(const User& user) override {
    const std::lock_guard lock(mutex_);
    return users.emplace(user.username, user).second;
  }
  void changePassword(const User& user, const std::string& password_hash) override {
    const std::lock_guard lock(mutex_);
    users.at(user.username).password_hash = password_hash;
    std::erase_if(sessions, [&](const auto& entry) { return entry.second.user_id == user.id; });
  }
  std::optional<TokenAccount> findToken(const std::string& token_hash) const override {
    const std::lock_guard lock(mutex_);
    const auto found = tokens.find(token_hash);
    return found == tokens.end() ? std::nullopt : std::optional(found->second);
  }
  void touchToken(const std::string& token_hash, std::int64_t last_used_at) override {
    const std::lock_guard lock(mutex_);
    tokens.at(token_hash).last_used_at = last_used_at;
    ++touches;
  }
  void createSession(const Session& session) override {
    const std::lock_guard lock(mutex_);
    sessions[session.token_hash] = session;
  }
  std::optional<SessionUser> findSession(const std::string& token_hash) const override {
    const std::lock_guard lock(mutex_);
    const auto found = sessions.find(token_hash);
    if (found == sessions.end()) return std::nullopt;
    for (const auto& [name, user] : users) {
      if (user.id == found->second.user_id) return SessionUser{found->second, name, user.grants};
    }
    return std::nullopt;
  }
  void touchSession(const std::string& token_hash, std::int64_t last_used_at) override {
    const std::lock_guard lock(mutex_);
    sessions.at(token_hash).last_used_at = last_used_at;
    ++touches;
  }
  void removeSession(const std::string& token_hash) override {
    const std::lock_guard lock(mutex_);
    sessions.erase(token_hash);
  }
  void removeStaleSessions(std::int64_t now, std::int64_t idle_since) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions, [&](const auto& entry) {
      return entry.second.expires_at <= now || entry.second.last_used_at < idle_since;
    });
  }

  std::map<std::string, AgentIdentity> agents;
  std::map<std::string, User> users;
  std::map<std::string, Session> sessions;
  std::map<std::string, TokenAccount> tokens;
  int touches = 0;
  std::set<std::string> known_lines;
  std::vector<std::string> refusals;

 private:
  mutable std::mutex mutex_;
};

class HandClock : public Clock {
 public:
  std::int64_t epochNs() const override { return now_ns; }
  std::int64_t monotonicNs() const override { return now_ns; }
  void pass(std::int64_t seconds) { now_ns += seconds * kSecondNs; }

  std::atomic<std::int64_t> now_ns{1'800'000'000 * kSecondNs};
};

}  // namespace redflag::auth
