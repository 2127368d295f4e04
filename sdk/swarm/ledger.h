#pragma once
// What the fleet knows to have happened, kept outside of agents that die: the judge compares it with what the
// server says. Threads: any.

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace redflag::swarm {

// Of one agent's id, also when several machines claim it.
struct AgentRecord {
  std::vector<std::string> acknowledged_scans;
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

  mutable std::mutex mutex_;
  std::map<std::string, AgentRecord> agents_;
};

}  // namespace redflag::swarm
