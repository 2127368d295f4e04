#pragma once
#include "store/decisions.h"
#include "store/sql/connection.h"
#include "store/sql/select.h"

namespace redflag::store::sql {

class SqlDecisions : public Decisions {
 public:
  explicit SqlDecisions(Connection& connection) : db_(connection) {}

  Page<IgnoreRule> rules(const std::vector<RuleState>& states, const http::Visible& visible,
                         const PageRequest& page) const override;
  std::optional<IgnoreRule> rule(const std::string& rule_id, const http::Visible& visible) const override;
  std::vector<IgnoreRule> rulesAt(const std::string& client_id) const override;
  std::vector<IgnoreRule> rulesDue(std::int64_t now, std::size_t limit) const override;
  void addRule(const IgnoreRule& rule) override;
  bool endRule(const IgnoreRule& rule, RuleEvent event, const std::string& by, std::int64_t now) override;
  std::vector<ApprovalPolicy> policies(const http::Visible& visible) const override;
  void addPolicy(const ApprovalPolicy& policy) override;
  bool changePolicy(const ApprovalPolicy& policy) override;
  void setSecondOpinion(const ApprovalPolicy& policy) override;
  void removePolicy(const ApprovalPolicy& policy) override;
  bool prune(std::int64_t before, int limit) override;

 private:
  std::vector<IgnoreRule> rulesWhere(const Conditions& where, const std::string& order,
                                     std::size_t limit) const;
  void count(std::vector<IgnoreRule>& rules, const http::Visible& visible) const;

  Connection& db_;
};

}  // namespace redflag::store::sql
