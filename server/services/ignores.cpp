#include "services/ignores.h"

#include <map>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "services/decision_scope.h"
#include "services/ignore_match.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::IgnoreRule;
using store::UpdateEvent;
using store::UpdateRow;
using store::UpdateState;

constexpr std::size_t kShownRows = 100;
constexpr std::size_t kRulesARound = 100;
constexpr const char* kNoRule = "ignore_rule.not_found";

std::vector<UpdateState> statesWhere(bool (*wanted)(UpdateState)) {
  std::vector<UpdateState> states;
  for (int i = 0; i < store::kUpdateStates; ++i) {
    if (wanted(static_cast<UpdateState>(i))) states.push_back(static_cast<UpdateState>(i));
  }
  return states;
}

bool canBeIgnored(UpdateState state) {
  return store::after(state, UpdateEvent::kIgnored) == UpdateState::kIgnored;
}

store::AgentKey agentOf(const UpdateRow& row) {
  return {row.agent_id, row.client_id, row.site_id, {}};
}

store::UpdateStep toIgnored(const UpdateRow& row, const IgnoreRule& rule) {
  store::UpdateChange change{{"update.ignored", rule.reason}, {}, {}, {}};
  change.ignored_by = rule.id;
  return {agentOf(row), row.id, row.state, UpdateEvent::kIgnored, change};
}

store::UpdateStep toUnignored(const UpdateRow& row) {
  return {agentOf(row), row.id, row.state, UpdateEvent::kUnignored};
}

// What one rule does to many agents, in the history of each.
class Telling {
 public:
  Telling(std::string kind, std::string actor, std::string verb, std::string reason)
      : kind_(std::move(kind)),
        actor_(std::move(actor)),
        verb_(std::move(verb)),
        reason_(std::move(reason)) {}

  void add(const UpdateRow& row) { names_[{row.client_id, row.agent_id}].push_back(row.name); }
  void tell(store::WriteTransaction& tx, std::int64_t now) const {
    for (const auto& [agent, names] : names_) {
      store::HistoryEntry entry;
      entry.at = now;
      entry.subsystem = "update";
      entry.actor = actor_;
      entry.kind = kind_;
      entry.text = (names.size() == 1 ? names.front() : std::to_string(names.size()) + " updates") + ": " +
                   verb_ + ": " + reason_;
      tx.events().record(agent.first, agent.second, entry);
      tx.events().publish(agent.first, "update", {{"agent_id", agent.second}}, now);
    }
  }

 private:
  std::string kind_;
  std::string actor_;
  std::string verb_;
  std::string reason_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> names_;
};

std::string saidOf(const IgnoreRule& rule) {
  std::string text = rule.manager.empty() ? "" : rule.manager + " ";
  text += rule.pattern.empty() ? rule.key : rule.pattern;
  if (!rule.version.empty()) text += " " + rule.version;
  return text + (rule.until == 0 ? " for good" : " until " + toRfc3339(rule.until)) + ", " +
         whereText(rule.scope);
}

void record(store::WriteTransaction& tx, const IgnoreRule& rule, const std::string& actor,
            const std::string& kind, const std::string& text, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "update";
  entry.actor = actor;
  entry.kind = kind;
  entry.text = text;
  tx.events().record(rule.scope.client_id, "", entry);
}

}  // namespace

struct Ignores::Found {
  std::vector<UpdateRow> rows;
  std::size_t under_way = 0;
};

Ignores::Found Ignores::find(const store::ReadTransaction& tx, const IgnoreRule& rule) const {
  store::UpdateRowFilter filter{
      rule.scope.client_id,
      rule.scope.site_id,
      rule.scope.agent_id,
      rule.manager,
      rule.key,
      rule.version,
      "",
      statesWhere([](UpdateState state) { return state != UpdateState::kIgnored && !store::closed(state); })};
  Found found;
  for (auto& row : tx.updates().rows(filter, http::Visible::everything())) {
    if (!covers(rule, row)) continue;
    if (canBeIgnored(row.state)) {
      found.rows.push_back(std::move(row));
    } else {
      ++found.under_way;
    }
  }
  return found;
}

store::Page<IgnoreRule> Ignores::list(const std::vector<store::RuleState>& states, const Actor& actor,
                                      const store::PageRequest& page) const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    return tx.decisions().rules(states, actor.grants.visible(), page);
  });
}

IgnoreReach Ignores::preview(IgnoreRule rule, const Actor& actor) const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    rule.scope = requireScope(tx, rule.scope, actor, "approver");
    Found found = find(tx, rule);
    IgnoreReach reach;
    reach.updates = found.rows.size();
    reach.under_way = found.under_way;
    std::set<std::string> agents;
    for (const auto& row : found.rows)
      agents.insert(row.agent_id);
    reach.agents = agents.size();
    if (found.rows.size() > kShownRows) found.rows.resize(kShownRows);
    reach.sample = std::move(found.rows);
    return reach;
  });
}

IgnoreRule Ignores::add(IgnoreRule rule, const Actor& actor) {
  const std::int64_t now = context_.now();
  if (rule.until != 0 && rule.until <= now)
    throw http::Problem{422, "ignore_rule.past", "expected a time that is still to come", "/until"};
  rule.id = newId();
  rule.created_at = now;
  rule.created_by = actor.name;
  return context_.store.write([&](store::WriteTransaction& tx) {
    rule.scope = requireScope(tx, rule.scope, actor, "approver");
    tx.decisions().addRule(rule);
    const IgnoreRule added = tx.decisions().rule(rule.id, http::Visible::everything()).value();
    record(tx, added, actor.name, "ignore_rule.added", "ignores " + saidOf(added) + ": " + rule.reason, now);
    Telling telling("update.ignored", actor.name, "ignored", rule.reason);
    std::vector<store::UpdateStep> steps;
    for (const auto& row : find(tx, rule).rows) {
      steps.push_back(toIgnored(row, rule));
      telling.add(row);
    }
    tx.updates().advanceAll(steps, now);
    telling.tell(tx, now);
    return tx.decisions().rule(rule.id, actor.grants.visible()).value();
  });
}

void Ignores::release(store::WriteTransaction& tx, const IgnoreRule& rule, const std::string& by,
                      const std::string& why) {
  const std::int64_t now = context_.now();
  store::UpdateRowFilter filter;
  filter.ignored_by = rule.id;
  filter.states = {UpdateState::kIgnored};
  std::map<std::string, std::vector<IgnoreRule>> others;  // by client
  Telling telling("update.unignored", by, "no longer ignored", why);
  std::vector<store::UpdateStep> steps;
  for (const auto& row : tx.updates().rows(filter, http::Visible::everything())) {
    const auto [it, fresh] = others.try_emplace(row.client_id);
    if (fresh) it->second = tx.decisions().rulesAt(row.client_id);
    if (const IgnoreRule* other = ruleFor(it->second, row)) {
      steps.push_back(toIgnored(row, *other));
      continue;
    }
    steps.push_back(toUnignored(row));
    telling.add(row);
  }
  tx.updates().advanceAll(steps, now);
  telling.tell(tx, now);
}

IgnoreRule Ignores::lift(const std::string& rule_id, const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    const auto rule = tx.decisions().rule(rule_id, actor.grants.visible());
    if (!rule) throw http::Problem{404, kNoRule, "there is no such rule"};
    requireScope(tx, rule->scope, actor, "approver");
    const std::int64_t now = context_.now();
    if (!tx.decisions().endRule(*rule, store::RuleEvent::kLifted, actor.name, now))
      throw http::Problem{409, "ignore_rule.ended", "this rule has ended already"};
    record(tx, *rule, actor.name, "ignore_rule.lifted", "no longer ignores " + saidOf(*rule), now);
    release(tx, *rule, actor.name, "the rule was lifted by " + actor.name);
    return tx.decisions().rule(rule_id, actor.grants.visible()).value();
  });
}

void Ignores::sweep() {
  const std::int64_t now = context_.now();
  const auto due = context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.decisions().rulesDue(now, kRulesARound); });
  for (const auto& rule : due) {
    context_.store.write([&](store::WriteTransaction& tx) {
      if (!tx.decisions().endRule(rule, store::RuleEvent::kExpired, "", now)) return;
      record(tx, rule, "server", "ignore_rule.expired", "no longer ignores " + saidOf(rule), now);
      release(tx, rule, "server", "the rule's date has come");
    });
  }
}

void applyIgnoreRules(store::WriteTransaction& tx, const store::AgentKey& agent, std::int64_t now) {
  static const std::vector<UpdateState> kConcerned = statesWhere(canBeIgnored);
  const auto rules = tx.decisions().rulesAt(agent.client_id);
  store::UpdateRowFilter filter;
  filter.client_id = agent.client_id;
  filter.agent_id = agent.agent_id;
  // Without a rule only what a rule of another place ignored can change.
  filter.states = rules.empty() ? std::vector<UpdateState>{UpdateState::kIgnored} : kConcerned;
  Telling covered("update.ignored", "server", "ignored", "a rule covers it");
  Telling released("update.unignored", "server", "no longer ignored", "no rule covers it any more");
  std::vector<store::UpdateStep> steps;
  for (const auto& row : tx.updates().rows(filter, http::Visible::everything())) {
    const IgnoreRule* rule = ruleFor(rules, row);
    if (rule != nullptr && rule->id != row.ignored_by) {
      steps.push_back(toIgnored(row, *rule));
      if (row.state != UpdateState::kIgnored) covered.add(row);
    } else if (rule == nullptr && row.state == UpdateState::kIgnored) {
      steps.push_back(toUnignored(row));
      released.add(row);
    }
  }
  tx.updates().advanceAll(steps, now);
  covered.tell(tx, now);
  released.tell(tx, now);
}

}  // namespace redflag::services
