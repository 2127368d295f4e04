#include "store/sql/decisions.h"

#include <map>

#include "store/sql/visible.h"

namespace redflag::store::sql {
namespace {

constexpr std::size_t kEvery = 1'000'000;

constexpr const char* kPlaces =
    " LEFT JOIN clients c ON c.client_id = d.client_id LEFT JOIN sites s ON s.site_id = d.site_id "
    "LEFT JOIN agents a ON a.client_id = d.client_id AND a.agent_id = ";

std::vector<std::string*> scopeFields(DecisionScope& scope) {
  return {&scope.client_id,   &scope.site_id,   &scope.agent_id,
          &scope.client_name, &scope.site_name, &scope.hostname};
}

IgnoreRule ruleFrom(Rows& rows) {
  IgnoreRule rule;
  for (std::string* field : scopeFields(rule.scope))
    *field = rows.text();
  for (std::string* field : {&rule.id, &rule.manager, &rule.key, &rule.pattern, &rule.version, &rule.reason,
                             &rule.created_by, &rule.ended_by}) {
    *field = rows.text();
  }
  rule.state = ruleState(rows.text()).value();
  rule.until = rows.integer();
  rule.created_at = rows.integer();
  rule.ended_at = rows.integer();
  return rule;
}

}  // namespace

std::vector<IgnoreRule> SqlDecisions::rulesWhere(const Conditions& where, const std::string& order,
                                                 std::size_t limit) const {
  const std::string sql =
      std::string(
          "SELECT d.client_id, d.site_id, d.agent_id, COALESCE(c.name, ''), COALESCE(s.name, ''), "
          "COALESCE(a.hostname, ''), d.rule_id, d.manager, d.key, d.pattern, d.version, d.reason, "
          "d.created_by, d.ended_by, d.state, d.until, d.created_at, d.ended_at FROM ignore_rules d") +
      kPlaces + "d.agent_id" + where.sql() + order + " LIMIT ?";
  std::vector<IgnoreRule> rules;
  for (auto rows = db_.queryValues(sql, where.with(limit)); rows.next();)
    rules.push_back(ruleFrom(rows));
  return rules;
}

void SqlDecisions::count(std::vector<IgnoreRule>& rules, const http::Visible& visible) const {
  if (rules.empty()) return;
  Conditions where;
  restrictByAgent(where, visible, "u");
  where.add("u.state = 'ignored' AND u.ignored_by <> ''");
  std::vector<std::string> ids;
  for (const IgnoreRule& rule : rules)
    ids.push_back(rule.id);
  where.in("u.ignored_by", ids);
  std::map<std::string, std::int64_t> counts;
  const std::string sql =
      "SELECT u.ignored_by, COUNT(*) FROM updates u" + where.sql() + " GROUP BY u.ignored_by";
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    const std::string id = rows.text();
    counts[id] = rows.integer();
  }
  for (IgnoreRule& rule : rules)
    rule.updates = counts[rule.id];
}

Page<IgnoreRule> SqlDecisions::rules(const std::vector<RuleState>& states, const http::Visible& visible,
                                     const PageRequest& page) const {
  Conditions where;
  restrictToHeard(where, visible);
  if (!states.empty()) {
    std::vector<std::string> names;
    for (const RuleState state : states)
      names.emplace_back(name(state));
    where.in("d.state", names);
  }
  Page<IgnoreRule> answer;
  {
    const std::string sql =
        std::string("SELECT COUNT(*) FROM ignore_rules d") + kPlaces + "d.agent_id" + where.sql();
    auto rows = db_.queryValues(sql, where.values());
    rows.next();
    answer.total = rows.integer();
  }
  if (!page.cursor.empty()) {
    const Json keys = decodeCursor(page.cursor, "it");
    where.add("(d.created_at, d.rule_id) < (?, ?)", keys[0].get<std::int64_t>(), keys[1].get<std::string>());
  }
  answer.items = rulesWhere(where, " ORDER BY d.created_at DESC, d.rule_id DESC", page.limit + 1);
  if (answer.items.size() > page.limit) {
    answer.items.pop_back();
    answer.next_cursor = encodeCursor(Json::array({answer.items.back().created_at, answer.items.back().id}));
  }
  count(answer.items, visible);
  return answer;
}

std::optional<IgnoreRule> SqlDecisions::rule(const std::string& rule_id, const http::Visible& visible) const {
  Conditions where;
  restrictToHeard(where, visible);
  where.add("d.rule_id = ?", rule_id);
  auto found = rulesWhere(where, "", 1);
  if (found.empty()) return std::nullopt;
  count(found, visible);
  return std::move(found.front());
}

std::vector<IgnoreRule> SqlDecisions::rulesAt(const std::string& client_id) const {
  Conditions where;
  where.add("d.state = 'active' AND d.client_id IN ('', ?)", client_id);
  return rulesWhere(where, " ORDER BY d.rule_id", kEvery);
}

std::vector<IgnoreRule> SqlDecisions::rulesDue(std::int64_t now, std::size_t limit) const {
  Conditions where;
  where.add("d.state = 'active' AND d.until > 0 AND d.until <= ?", now);
  return rulesWhere(where, " ORDER BY d.until, d.rule_id", limit);
}

void SqlDecisions::addRule(const IgnoreRule& rule) {
  db_.post(
      "INSERT INTO ignore_rules (client_id, rule_id, site_id, agent_id, manager, key, pattern, version, "
      "until, "
      "reason, state, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      rule.scope.client_id, rule.id, rule.scope.site_id, rule.scope.agent_id, rule.manager, rule.key,
      rule.pattern, rule.version, rule.until, rule.reason, name(rule.state), rule.created_at,
      rule.created_by);
}

bool SqlDecisions::endRule(const IgnoreRule& rule, RuleEvent event, const std::string& by, std::int64_t now) {
  const auto to = after(rule.state, event);
  if (!to) return false;
  return db_.execute(
             "UPDATE ignore_rules SET state = ?, ended_at = ?, ended_by = ? WHERE client_id = ? AND rule_id "
             "= ? "
             "AND state = ?",
             name(*to), now, by, rule.scope.client_id, rule.id, name(rule.state)) > 0;
}

std::vector<ApprovalPolicy> SqlDecisions::policies(const http::Visible& visible) const {
  Conditions where;
  restrictToHeardOrGrouped(where, visible);
  const std::string sql =
      std::string(
          "SELECT d.client_id, d.site_id, d.agent_id, COALESCE(c.name, ''), COALESCE(s.name, ''), '', "
          "d.group_id, COALESCE(g.name, ''), d.policy_id, d.name, d.terms, d.created_by, d.changed_by, "
          "d.author_id, d.second_id, d.second_by, "
          "d.second_reason, d.enabled, d.created_at, d.changed_at, d.second_at FROM (SELECT p.*, '' AS "
          "agent_id FROM approval_policies p) d") +
      kPlaces +
      "d.agent_id LEFT JOIN agent_groups g ON g.client_id = d.client_id AND g.group_id = d.group_id" +
      where.sql() + " ORDER BY d.name, d.policy_id";
  std::vector<ApprovalPolicy> policies;
  for (auto rows = db_.queryValues(sql, where.values()); rows.next();) {
    ApprovalPolicy& policy = policies.emplace_back();
    for (std::string* field : scopeFields(policy.scope))
      *field = rows.text();
    for (std::string* field : {&policy.scope.group_id, &policy.scope.group_name, &policy.id, &policy.name,
                               &policy.terms, &policy.created_by, &policy.changed_by, &policy.author_id,
                               &policy.second.id, &policy.second.by, &policy.second.reason}) {
      *field = rows.text();
    }
    policy.enabled = rows.boolean();
    policy.created_at = rows.integer();
    policy.changed_at = rows.integer();
    policy.second.at = rows.integer();
  }
  return policies;
}

void SqlDecisions::addPolicy(const ApprovalPolicy& policy) {
  db_.post(
      "INSERT INTO approval_policies (client_id, policy_id, site_id, group_id, name, enabled, terms, "
      "created_at, created_by, changed_at, changed_by, author_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
      "?)",
      policy.scope.client_id, policy.id, policy.scope.site_id, policy.scope.group_id, policy.name,
      policy.enabled, policy.terms, policy.created_at, policy.created_by, policy.changed_at,
      policy.changed_by, policy.author_id);
}

bool SqlDecisions::changePolicy(const ApprovalPolicy& policy) {
  return db_.execute(
             "UPDATE approval_policies SET name = ?, enabled = ?, terms = ?, changed_at = ?, changed_by = ?, "
             "author_id = ?, second_id = '', second_by = '', second_at = 0, second_reason = '' "
             "WHERE client_id = ? AND policy_id = ?",
             policy.name, policy.enabled, policy.terms, policy.changed_at, policy.changed_by,
             policy.author_id, policy.scope.client_id, policy.id) > 0;
}

void SqlDecisions::setSecondOpinion(const ApprovalPolicy& policy) {
  db_.post(
      "UPDATE approval_policies SET second_id = ?, second_by = ?, second_at = ?, second_reason = ? WHERE "
      "client_id = ? AND policy_id = ?",
      policy.second.id, policy.second.by, policy.second.at, policy.second.reason, policy.scope.client_id,
      policy.id);
}

void SqlDecisions::removePolicy(const ApprovalPolicy& policy) {
  db_.post("DELETE FROM approval_policies WHERE client_id = ? AND policy_id = ?", policy.scope.client_id,
           policy.id);
}

bool SqlDecisions::prune(std::int64_t before, int limit) {
  return db_.execute(
             "DELETE FROM ignore_rules WHERE (client_id, rule_id) IN (SELECT client_id, rule_id FROM "
             "ignore_rules WHERE state <> 'active' AND ended_at < ? LIMIT ?)",
             before, limit) == limit;
}

}  // namespace redflag::store::sql
