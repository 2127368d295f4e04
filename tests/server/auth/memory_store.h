#pragma once
// What sign-in needs from storage, in memory; and a clock that is turned by hand.

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "auth/factor_store.h"
#include "auth/interfaces.h"
#include "base/time.h"

namespace redflag::auth {

class MemoryStore : public AgentDirectory,
                    public UserStore,
                    public SessionStore,
                    public TokenStore,
                    public FactorStore,
                    public NoticeBoard {
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
  std::optional<User> findUserById(const std::string& user_id) const override {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, user] : users) {
      if (user.id == user_id) return user;
    }
    return std::nullopt;
  }
  bool createFirstUser(const User& user) override {
    const std::lock_guard lock(mutex_);
    return users.empty() && users.emplace(user.username, user).second;
  }
  bool createUser(const User& user) override {
    const std::lock_guard lock(mutex_);
    return users.emplace(user.username, user).second;
  }
  bool changePassword(const User& user, const std::string& password_hash) override {
    const std::lock_guard lock(mutex_);
    if (users.at(user.username).password_hash != user.password_hash) return false;
    users.at(user.username).password_hash = password_hash;
    std::erase_if(pending, [&](const auto& entry) { return entry.second.first.user_id == user.id; });
    std::erase_if(sessions, [&](const auto& entry) { return entry.second.user_id == user.id; });
    return true;
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
  bool createSession(const Session& session, const std::string& password_hash) override {
    if (before_session) before_session();
    const std::lock_guard lock(mutex_);
    const bool good = std::any_of(users.begin(), users.end(), [&](const auto& entry) {
      return entry.second.id == session.user_id && entry.second.password_hash == password_hash;
    });
    if (good) sessions[session.token_hash] = session;
    return good;
  }
  std::optional<SessionUser> findSession(const std::string& token_hash) const override {
    const std::lock_guard lock(mutex_);
    const auto found = sessions.find(token_hash);
    if (found == sessions.end()) return std::nullopt;
    for (const auto& [name, user] : users) {
      if (user.id == found->second.user_id) {
        const auto factor = factors.find(user.id);
        return SessionUser{found->second, name, user.grants,
                           factor != factors.end() && factor->second.confirmed_at > 0};
      }
    }
    return std::nullopt;
  }
  void touchSession(const std::string& token_hash, std::int64_t last_used_at) override {
    const std::lock_guard lock(mutex_);
    sessions.at(token_hash).last_used_at = last_used_at;
    ++touches;
  }
  void proveSession(const std::string& token_hash, std::int64_t proven_at) override {
    const std::lock_guard lock(mutex_);
    sessions.at(token_hash).proven_at = proven_at;
  }
  std::vector<Session> sessionsOf(const std::string& user_id) const override {
    const std::lock_guard lock(mutex_);
    std::vector<Session> out;
    for (const auto& [hash, session] : sessions) {
      if (session.user_id == user_id) out.push_back(session);
    }
    return out;
  }
  void removeSessionsOf(const std::string& user_id, const std::string& kept_hash) override {
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions, [&](const auto& entry) {
      return entry.second.user_id == user_id && entry.first != kept_hash;
    });
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

  void note(const Notice& notice) override {
    const std::lock_guard lock(mutex_);
    notices.push_back(notice);
  }
  std::optional<StoredFactor> findFactor(const std::string& user_id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = factors.find(user_id);
    if (found == factors.end()) return std::nullopt;
    StoredFactor out = found->second;
    const auto codes = recovery.find(user_id);
    out.recovery_codes = codes == recovery.end() ? 0 : static_cast<std::int64_t>(codes->second.size());
    return out;
  }
  bool beginFactor(const std::string& user_id, const std::string& sealed, std::int64_t) override {
    const std::lock_guard lock(mutex_);
    if (factors[user_id].confirmed_at > 0) return false;
    factors[user_id] = {sealed, 0, 0, 0};
    return true;
  }
  bool confirmFactor(const std::string& user_id, std::int64_t step, std::int64_t now,
                     const std::vector<std::string>& hashes, const Notice& notice) override {
    const std::lock_guard lock(mutex_);
    StoredFactor& factor = factors.at(user_id);
    if (factor.confirmed_at > 0) return false;
    factor.confirmed_at = now;
    factor.last_step = step;
    recovery[user_id] = {hashes.begin(), hashes.end()};
    notices.push_back(notice);
    return true;
  }
  bool spendStep(const std::string& user_id, std::int64_t step) override {
    const std::lock_guard lock(mutex_);
    if (step <= factors.at(user_id).last_step) return false;
    factors.at(user_id).last_step = step;
    return true;
  }
  bool spendRecoveryCode(const std::string& user_id, const std::string& hash, const Notice& notice) override {
    const std::lock_guard lock(mutex_);
    if (recovery[user_id].erase(hash) == 0) return false;
    notices.push_back(notice);
    return true;
  }
  void replaceRecoveryCodes(const std::string& user_id, const std::vector<std::string>& hashes,
                            const Notice& notice) override {
    const std::lock_guard lock(mutex_);
    recovery[user_id] = {hashes.begin(), hashes.end()};
    notices.push_back(notice);
  }
  bool removeFactor(const std::string& user_id, const Notice& notice) override {
    const std::lock_guard lock(mutex_);
    if (factors.erase(user_id) == 0) return false;
    recovery.erase(user_id);
    notices.push_back(notice);
    return true;
  }
  void addPending(const PendingSignIn& sign_in, std::int64_t) override {
    const std::lock_guard lock(mutex_);
    pending[sign_in.token_hash] = {sign_in, 0};
  }
  std::optional<std::string> tryPending(const std::string& token_hash, std::int64_t now,
                                        std::int64_t most) override {
    const std::lock_guard lock(mutex_);
    const auto found = pending.find(token_hash);
    if (found == pending.end() || found->second.first.expires_at <= now || found->second.second >= most)
      return std::nullopt;
    ++found->second.second;
    for (const auto& [name, user] : users) {
      if (user.id == found->second.first.user_id && user.password_hash == found->second.first.password_hash)
        return name;
    }
    return std::nullopt;
  }
  bool removePending(const std::string& token_hash) override {
    const std::lock_guard lock(mutex_);
    return pending.erase(token_hash) > 0;
  }

  std::map<std::string, StoredFactor> factors;            // by user
  std::map<std::string, std::set<std::string>> recovery;  // hashes, by user
  std::map<std::string, std::pair<PendingSignIn, int>> pending;
  std::vector<Notice> notices;
  std::map<std::string, AgentIdentity> agents;
  std::map<std::string, User> users;
  std::map<std::string, Session> sessions;
  std::map<std::string, TokenAccount> tokens;
  int touches = 0;
  std::set<std::string> known_lines;
  std::vector<std::string> refusals;
  std::function<void()> before_session;  // what happens while somebody signs in

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
