#pragma once
#include "store/profiles.h"
#include "store/sql/connection.h"
#include "store/sql/select.h"

namespace redflag::store::sql {

class SqlProfiles : public Profiles {
 public:
  explicit SqlProfiles(Connection& connection) : db_(connection) {}

  std::vector<Profile> list(const http::Visible& visible) const override;
  std::optional<Profile> find(const std::string& profile_id, const http::Visible& visible) const override;
  std::vector<Profile> at(const std::string& client_id) const override;
  void add(const Profile& profile) override;
  void change(const Profile& profile) override;
  void remove(const Profile& profile) override;
  std::vector<AgentSettings> agents(const DecisionScope& scope, const http::Visible& visible,
                                    const Contact& contact) const override;
  void setReport(const AgentKey& agent, const std::string& report, std::int64_t now) override;
  void lookAgain(const DecisionScope& scope) override;
  std::vector<AgentSettings> due(const Contact& contact, std::size_t limit) const override;
  bool setWork(const AgentSettings& read, const SettingsWork& work) override;

 private:
  std::vector<Profile> profilesWhere(const Conditions& where) const;
  std::vector<AgentSettings> settingsWhere(const Conditions& where, const std::string& join,
                                           const std::string& order, const Contact& contact,
                                           std::size_t limit) const;
  void addGroups(std::vector<AgentSettings>& agents) const;

  Connection& db_;
};

}  // namespace redflag::store::sql
