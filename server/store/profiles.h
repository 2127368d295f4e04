#pragma once
// Settings that people wish for agents, what agents told of theirs, and how far the two were brought
// together.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "http/grants.h"
#include "store/agents.h"
#include "store/decisions.h"

namespace redflag::store {

// One document a scope: everything, a client, a site, a group, or one agent.
struct Profile {
  std::string id;
  DecisionScope scope;
  std::string name;
  std::string settings = "{}";  // one JSON object, nested as in agent.yaml
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t changed_at = 0;
  std::string changed_by;
  std::string author_id;  // the account that answers for it: whoever changed it last
};

// What was ordered to bring an agent's settings to what is wished.
struct SettingsWork {
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
  std::int64_t look_at = 0;     // when it is to be looked at again; kNever: when something changes
  std::string managed = "[]";   // JSON pointers that were set here and not yet taken back
  std::string wish;             // a hash of what was ordered last, and of what it was judged by
  std::string command_id;       // that carries it
  std::string author_id;        // the account that answers for it
  std::int64_t ordered_at = 0;  // when
  std::int64_t tries = 0;       // of the same wish
  bool given_up = false;        // not again before something changes
  std::string note;             // for people: why it is not so yet
};

struct AgentSettings {
  AgentKey agent;  // without its public key
  std::string hostname;
  std::string client_name;
  std::string site_name;
  std::string connection;  // connected | silent | never
  std::string report;      // kernel/config/report.h, one JSON object; "": it never told
  std::int64_t reported_at = 0;
  std::int64_t turn = 0;  // grows with each change of the row
  SettingsWork work;
  std::vector<std::string> group_ids;  // of the groups that it is in
};

class Profiles {
 public:
  virtual ~Profiles() = default;

  // Those that say something of what is visible: their scope is in it, or it is in their scope. The widest
  // first.
  virtual std::vector<Profile> list(const http::Visible& visible) const = 0;
  virtual std::optional<Profile> find(const std::string& profile_id, const http::Visible& visible) const = 0;
  // Every one that may hold at this client, the widest first.
  virtual std::vector<Profile> at(const std::string& client_id) const = 0;
  virtual void add(const Profile& profile) = 0;  // http::Problem 409 where the scope has one
  // name, settings, changed_at, changed_by and author_id.
  virtual void change(const Profile& profile) = 0;
  virtual void remove(const Profile& profile) = 0;

  // Of every agent in the scope that is visible and was not revoked, by hostname.
  virtual std::vector<AgentSettings> agents(const DecisionScope& scope, const http::Visible& visible,
                                            const Contact& contact) const = 0;
  // What an agent told; it is looked at again when that is something new.
  virtual void setReport(const AgentKey& agent, const std::string& report, std::int64_t now) = 0;
  // Agents that are in the scope now are to be looked at again, and what was given up is tried again.
  virtual void lookAgain(const DecisionScope& scope) = 0;
  // To be looked at by now, active and in contact.
  virtual std::vector<AgentSettings> due(const Contact& contact, std::size_t limit) const = 0;
  // False, and nothing stored, when the row has changed since it was read.
  virtual bool setWork(const AgentSettings& read, const SettingsWork& work) = 0;
};

}  // namespace redflag::store
