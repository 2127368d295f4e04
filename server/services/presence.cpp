#include "services/presence.h"

#include <algorithm>

#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::int64_t kWriteEveryNs = 30 * kSecondNs;
constexpr std::int64_t kNoteAgainEveryNs = 30 * kSecondNs;
constexpr std::size_t kNotedAtOnce = 1'000;  // what else is to be done waits for seconds, and so does a stop

}  // namespace

void Presence::forgetAll() {
  context_.store.write([](store::WriteTransaction& tx) { tx.agents().clearDoorbells(); });
  const std::lock_guard lock(mutex_);
  announced_to_ = context_.now() - context_.settings.silent_after_ns;
}

void Presence::setDoorbell(const std::string& agent_id, bool connected) {
  const std::int64_t now = context_.now();
  context_.store.write([&](store::WriteTransaction& tx) {
    const auto agent = tx.agents().key(agent_id);
    if (!agent) return;
    tx.agents().setDoorbell(*agent, connected, now);
    tx.events().publish(agent->client_id, "agent", {{"agent_id", agent_id}}, now);
  });
}

void Presence::setLeft(const std::string& agent_id, bool left) {
  const std::lock_guard lock(mutex_);
  if (left) {
    left_.insert(agent_id);
  } else {
    left_.erase(agent_id);
  }
}

void Presence::agentConnected(const std::string& agent_id) {
  const std::lock_guard lock(doorbells_.of(agent_id));
  setDoorbell(agent_id, true);
  setLeft(agent_id, false);
}

void Presence::agentDisconnected(const std::string& agent_id) {
  const std::lock_guard lock(doorbells_.of(agent_id));
  setLeft(agent_id, true);
  setDoorbell(agent_id, false);
  setLeft(agent_id, false);
}

void Presence::noteUnnoted() {
  const auto unnoted = [this] {
    const std::lock_guard lock(mutex_);
    return left_;
  }();
  for (const std::string& agent_id : unnoted) {
    const std::lock_guard lock(doorbells_.of(agent_id));
    {
      const std::lock_guard still(mutex_);
      if (!left_.contains(agent_id)) continue;  // noted meanwhile, or back
    }
    setDoorbell(agent_id, false);
    setLeft(agent_id, false);
  }
}

// Of several servers on a database one that starts knows nobody, and one that an agent has left for this one
// may be the last to say so. Whoever holds its doorbell knows better.
void Presence::noteAgain() {
  const std::int64_t now = context_.now();
  {
    const std::lock_guard lock(mutex_);
    if (now - noted_again_at_ < kNoteAgainEveryNs && now >= noted_again_at_) return;
    noted_again_at_ = now;
  }
  const auto here = context_.bell.connectedAgents();
  if (here.empty()) return;
  const auto without =
      context_.store.read([](const store::ReadTransaction& tx) { return tx.agents().withoutDoorbell(); });
  std::size_t noted = 0;
  for (const std::string& agent_id : here) {
    if (!without.contains(agent_id)) continue;
    if (++noted > kNotedAtOnce) break;
    const std::lock_guard lock(doorbells_.of(agent_id));
    if (context_.bell.connected(agent_id)) setDoorbell(agent_id, true);
  }
  if (noted <= kNotedAtOnce) return;
  const std::lock_guard lock(mutex_);
  noted_again_at_ = 0;  // the next time goes on
}

void Presence::seen(const std::string& agent_id) {
  const std::int64_t now = context_.now();
  {
    const std::lock_guard lock(mutex_);
    std::int64_t& written = written_at_[agent_id];
    if (now - written < kWriteEveryNs && now >= written) return;
    written = now;
  }
  context_.store.write([&](store::WriteTransaction& tx) {
    if (const auto agent = tx.agents().key(agent_id)) tx.agents().touch(*agent, now);
  });
}

void Presence::announceSilent() {
  noteUnnoted();
  noteAgain();
  const std::int64_t now = context_.now();
  const std::int64_t to = now - context_.settings.silent_after_ns;
  std::int64_t from = 0;
  {
    const std::lock_guard lock(mutex_);
    from = announced_to_;
    announced_to_ = std::max(announced_to_, to);
  }
  if (to <= from) return;
  const auto agents = context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.agents().silentSince(from, to); });
  if (agents.empty()) return;
  context_.store.write([&](store::WriteTransaction& tx) {
    for (const auto& agent : agents) {
      store::HistoryEntry entry;
      entry.at = now;
      entry.subsystem = "agent";
      entry.actor = "server";
      entry.kind = entry.code = "agent.silent";
      entry.text = "no word from this agent any more";
      entry.severity = "warning";
      tx.events().record(agent.client_id, agent.agent_id, entry);
      tx.events().publish(agent.client_id, "agent", {{"agent_id", agent.agent_id}}, now);
    }
  });
}

}  // namespace redflag::services
