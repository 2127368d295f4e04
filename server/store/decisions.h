#pragma once
// What people decided about updates beforehand: rules that ignore them, and policies that approve them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/grants.h"
#include "store/page.h"
#include "store/rule_life.h"
#include "store/second_opinion.h"

namespace redflag::store {

// Where a decision holds: everywhere, at a client, at a site of it, on one agent of it, or, but for rules
// that ignore, on a group of its agents.
struct DecisionScope {
  std::string client_id;  // "": everywhere
  std::string site_id;    // "": the whole client
  std::string agent_id;   // "": no single agent
  // Names for people; not read by what adds one.
  std::string client_name = {};
  std::string site_name = {};
  std::string hostname = {};
  std::string group_id = {};  // "": no group
  std::string group_name = {};
};

struct IgnoreRule {
  std::string id;
  DecisionScope scope;
  // What it covers; "" is anything. Of `key` and `pattern` one is given.
  std::string manager;
  std::string key;
  std::string pattern;     // of the update's name: * and ?
  std::string version;     // of what is offered
  std::int64_t until = 0;  // 0: for good
  std::string reason;
  RuleState state = RuleState::kActive;
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t ended_at = 0;
  std::string ended_by;      // "" when its date ended it
  std::int64_t updates = 0;  // ignored by it now, of those that may be seen; not read by addRule()
};

struct ApprovalPolicy {
  std::string id;
  DecisionScope scope;  // never one agent
  std::string name;
  bool enabled = true;
  std::string terms;  // one JSON object: services/policy_terms.h
  std::int64_t created_at = 0;
  std::string created_by;
  std::int64_t changed_at = 0;
  std::string changed_by;
  std::string author_id;  // the account that answers for it: whoever changed it last
  SecondOpinion second = {};
};

class Decisions {
 public:
  virtual ~Decisions() = default;

  // Newest first, those that say something of what is visible: their scope is in it, or it is in their scope.
  virtual Page<IgnoreRule> rules(const std::vector<RuleState>& states, const http::Visible& visible,
                                 const PageRequest& page) const = 0;
  virtual std::optional<IgnoreRule> rule(const std::string& rule_id, const http::Visible& visible) const = 0;
  // Every active one that may hold at this client, `updates` left out.
  virtual std::vector<IgnoreRule> rulesAt(const std::string& client_id) const = 0;
  virtual std::vector<IgnoreRule> rulesDue(std::int64_t now, std::size_t limit) const = 0;
  virtual void addRule(const IgnoreRule& rule) = 0;
  // False, and nothing changed, when it has ended already.
  virtual bool endRule(const IgnoreRule& rule, RuleEvent event, const std::string& by, std::int64_t now) = 0;

  virtual std::vector<ApprovalPolicy> policies(const http::Visible& visible) const = 0;  // by name
  virtual void addPolicy(const ApprovalPolicy& policy) = 0;
  // name, enabled, terms, changed_at, changed_by and author_id; its second opinion ends. False when it is
  // gone.
  virtual bool changePolicy(const ApprovalPolicy& policy) = 0;
  virtual void setSecondOpinion(const ApprovalPolicy& policy) = 0;
  virtual void removePolicy(const ApprovalPolicy& policy) = 0;

  // Forgets rules that ended before. At most `limit`; true: there may be more.
  virtual bool prune(std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
