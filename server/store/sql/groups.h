#pragma once
#include "store/groups.h"
#include "store/sql/connection.h"
#include "store/sql/select.h"

namespace redflag::store::sql {

class SqlGroups : public Groups {
 public:
  explicit SqlGroups(Connection& connection) : db_(connection) {}

  std::vector<AgentGroup> list(const http::Visible& visible) const override;
  std::optional<AgentGroup> find(const std::string& group_id, const http::Visible& visible) const override;
  std::map<std::string, std::string> named(const std::string& client_id) const override;
  std::vector<GroupMember> members(const AgentGroup& group, const http::Visible& visible) const override;
  std::vector<Named> of(const std::string& client_id, const std::string& agent_id) const override;
  std::map<std::string, std::set<std::string>> among(const Machines& machines) const override;
  void add(const AgentGroup& group) override;
  void change(const AgentGroup& group) override;
  void remove(const AgentGroup& group) override;
  void setMembers(const AgentGroup& group, const std::vector<std::string>& agent_ids) override;

 private:
  std::vector<AgentGroup> groupsWhere(const Conditions& where) const;

  Connection& db_;
};

}  // namespace redflag::store::sql
