#pragma once
// Machines of a client that people take together, wherever they are. A machine may be in several groups.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "http/grants.h"
#include "store/agents.h"

namespace redflag::store {

struct AgentGroup {
  std::string id;
  std::string client_id;
  std::string client_name;  // for people; not read by add()
  std::string name;         // unlike any other of its client
  std::int64_t agents = 0;  // in it, of those that may be seen; not read by add()
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t changed_at = 0;
  std::string changed_by;
};

struct GroupMember {
  std::string agent_id;
  std::string hostname;
  std::string site_id;
  std::string site_name;
};

class Groups {
 public:
  virtual ~Groups() = default;

  // By client and name: of clients that are visible, and those with a machine at a site that is.
  virtual std::vector<AgentGroup> list(const http::Visible& visible) const = 0;
  virtual std::optional<AgentGroup> find(const std::string& group_id, const http::Visible& visible) const = 0;
  // The ids of a client's groups, by their names.
  virtual std::map<std::string, std::string> named(const std::string& client_id) const = 0;
  // By hostname, those that are visible.
  virtual std::vector<GroupMember> members(const AgentGroup& group, const http::Visible& visible) const = 0;
  // By name: those that a machine is in.
  virtual std::vector<Named> of(const std::string& client_id, const std::string& agent_id) const = 0;
  // Which of these machines, (client, agent), are in each group.
  using Machines = std::set<std::pair<std::string, std::string>>;
  virtual std::map<std::string, std::set<std::string>> among(const Machines& machines) const = 0;
  virtual void add(const AgentGroup& group) = 0;
  // name, changed_at and changed_by.
  virtual void change(const AgentGroup& group) = 0;
  // Its windows, its profile and its policies go with it.
  virtual void remove(const AgentGroup& group) = 0;
  // All of the group's client.
  virtual void setMembers(const AgentGroup& group, const std::vector<std::string>& agent_ids) = 0;
};

}  // namespace redflag::store
