#pragma once
// What the fleet knows to have happened, kept outside of agents that die: the judge compares it with what the
// server says. Threads: any.

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace redflag::swarm {

// Of one agent's id, also when several machines claim it.
struct AgentRecord {
  std::vector<std::string> acknowledged_scans;
  std::set<std::string> rejected_scans;           // sent, and the server would never take them
  std::set<std::string> sent_scans;               // left an agent, whatever became of them
  std::map<std::string, int> executed;            // by command: how often it took effect here
  std::map<std::string, std::string> told_state;  // by command: its end, as the server acknowledged it
  std::set<std::string> executed_by_clone;
  bool cloned = false;
};

class Ledger {
 public:
  void enrolled(const std::string& agent_id) {
    change(agent_id, [](AgentRecord&) {});
  }
  void cloned(const std::string& agent_id) {
    change(agent_id, [](AgentRecord& record) { record.cloned = true; });
  }
  void sent(const std::string& agent_id, const std::string& scan_id) {
    change(agent_id, [&](AgentRecord& record) { record.sent_scans.insert(scan_id); });
  }
  void acknowledged(const std::string& agent_id, const std::string& scan_id) {
    change(agent_id, [&](AgentRecord& record) { record.acknowledged_scans.push_back(scan_id); });
  }
  void rejected(const std::string& agent_id, const std::string& scan_id) {
    change(agent_id, [&](AgentRecord& record) { record.rejected_scans.insert(scan_id); });
  }
  void executed(const std::string& agent_id, const std::string& command_id, bool by_clone) {
    change(agent_id, [&](AgentRecord& record) {
      if (by_clone) {
        record.executed_by_clone.insert(command_id);
      } else {
        ++record.executed[command_id];
      }
    });
  }
  void told(const std::string& agent_id, const std::string& command_id, const std::string& state) {
    change(agent_id, [&](AgentRecord& record) { record.told_state[command_id] = state; });
  }

  // What is asked for earlier is waited for by nobody: a fleet that is still coming is slower than one that
  // is there.
  void waitFrom(std::int64_t ns) {
    const std::lock_guard lock(mutex_);
    wait_from_ns_ = ns;
  }
  // A person's request for orders of these agents leaves now; of an agent that has not begun an earlier one,
  // that counts.
  void asked(const std::set<std::string>& agent_ids, std::int64_t at_ns) {
    const std::lock_guard lock(mutex_);
    if (at_ns < wait_from_ns_) return;
    for (const std::string& id : agent_ids)
      asked_.try_emplace(id, Asked{at_ns, false});
  }
  // The request that left then came to nothing for these. What an earlier one waits for is waited for still:
  // forgotten, the longest waits would be missing.
  void notAsked(const std::set<std::string>& agent_ids, std::int64_t at_ns) {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : agent_ids) {
      const auto found = asked_.find(id);
      if (found != asked_.end() && found->second.at_ns == at_ns) asked_.erase(found);
    }
  }
  // When what rings an agent was asked for; nothing where nobody asked, or where it rang for that before.
  std::optional<std::int64_t> rung(const std::string& agent_id) {
    const std::lock_guard lock(mutex_);
    const auto found = asked_.find(agent_id);
    if (found == asked_.end() || std::exchange(found->second.rung, true)) return {};
    return found->second.at_ns;
  }
  // When what an agent begins was asked for, once.
  std::optional<std::int64_t> begun(const std::string& agent_id) {
    const std::lock_guard lock(mutex_);
    const auto found = asked_.extract(agent_id);
    if (found.empty()) return {};
    return found.mapped().at_ns;
  }

  // Of those that are enrolled by now.
  std::vector<std::string> ids() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& [id, record] : agents_)
      out.push_back(id);
    return out;
  }

  // After the run.
  const std::map<std::string, AgentRecord>& agents() const { return agents_; }

 private:
  template <class Change>
  void change(const std::string& agent_id, const Change& with) {
    const std::lock_guard lock(mutex_);
    with(agents_[agent_id]);
  }

  struct Asked {
    std::int64_t at_ns = 0;
    bool rung = false;
  };

  mutable std::mutex mutex_;
  std::map<std::string, AgentRecord> agents_;
  std::map<std::string, Asked> asked_;  // by agent
  std::int64_t wait_from_ns_ = 0;
};

}  // namespace redflag::swarm
