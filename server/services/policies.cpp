#include "services/policies.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/encoding.h"
#include "base/log.h"
#include "http/message.h"
#include "services/decision_scope.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using Says = PolicyVerdict::Kind;

constexpr std::size_t kSampleRows = 100;
constexpr std::size_t kRowsAtOnce = 500;     // in one transaction
constexpr std::size_t kRowsARound = 10'000;  // the rest in the next
constexpr std::int64_t kEveryNs = 10 * kSecondNs;
constexpr std::int64_t kShare = 20;  // of this thread's time at most one part in so many
constexpr std::size_t kMaxTerms = 1U << 20;

// Rows that are younger are of no interest to any of them.
std::int64_t youngest(const std::vector<LoadedPolicy>& policies) {
  std::int64_t hours = INT64_MAX / kPolicyHourNs;
  for (const auto& one : policies) {
    for (const auto& line : one.terms.lines)
      if (one.policy.enabled) hours = std::min(hours, line.after_hours);
  }
  return hours * kPolicyHourNs;
}

// Those that can be read, without who is in their groups.
std::vector<LoadedPolicy> stored(const store::ReadTransaction& tx, const http::Visible& visible) {
  std::vector<LoadedPolicy> policies;
  for (auto& policy : tx.decisions().policies(visible)) {
    const auto terms = parseJson(policy.terms, {kMaxTerms});
    if (!terms || !terms->is_object()) {
      spdlog::error("policies: what {} says cannot be read", policy.id);
      continue;
    }
    JsonReader in(*terms, "terms");
    policy.second.counts = countsNow(tx, policy.second, standingOrder(policy));
    LoadedPolicy loaded{std::move(policy), readTerms(in)};
    if (in.finish()) {
      policies.push_back(std::move(loaded));
    } else {
      spdlog::error("policies: what {} says cannot be read", loaded.policy.id);
    }
  }
  return policies;
}

LoadedPolicy visiblePolicy(const store::ReadTransaction& tx, const std::string& policy_id,
                           const Actor& actor) {
  auto policies = stored(tx, actor.grants.visible());
  for (auto& one : policies)
    if (one.policy.id == policy_id) return std::move(one);
  throw http::Problem{404, "policy.not_found", "there is no such policy"};
}

LoadedPolicy policyFor(const store::ReadTransaction& tx, const std::string& policy_id, const Actor& actor) {
  LoadedPolicy one = visiblePolicy(tx, policy_id, actor);
  requireScope(tx, one.policy.scope, actor, "admin");
  return one;
}

// Whether people of one client see both.
bool seenTogether(const store::DecisionScope& one, const store::DecisionScope& other) {
  return one.client_id.empty() || other.client_id.empty() || one.client_id == other.client_id;
}

// Nobody is told what another client calls its own.
void requireFree(const store::ReadTransaction& tx, const store::ApprovalPolicy& policy) {
  for (const auto& other : tx.decisions().policies(http::Visible::everything())) {
    if (other.name == policy.name && other.id != policy.id && seenTogether(other.scope, policy.scope))
      throw http::Problem{409, "policy.name_taken", "there is one of this name already", "/name"};
  }
}

void record(store::WriteTransaction& tx, const LoadedPolicy& one, const Actor& actor, const std::string& kind,
            const std::string& did, std::int64_t now) {
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "update";
  entry.actor = actor.name;
  entry.kind = kind;
  entry.text = did + " the approval policy " + one.policy.name + ", " + whereText(one.policy.scope) + ": " +
               dumpJson(toJson(one.terms)) + (one.policy.enabled ? "" : ", not enabled");
  tx.events().record(one.policy.scope.client_id, "", entry);
  tx.events().publish(one.policy.scope.client_id, "people", Json::object(), now);
}

store::Groups::Machines machinesOf(const std::vector<store::UpdateRow>& rows) {
  store::Groups::Machines machines;
  for (const auto& row : rows)
    machines.insert({row.client_id, row.agent_id});
  return machines;
}

// Which of these machines are in the policies' groups.
void readMembers(const store::ReadTransaction& tx, const store::Groups::Machines& machines,
                 std::vector<LoadedPolicy>& policies) {
  const bool any = std::any_of(policies.begin(), policies.end(),
                               [](const LoadedPolicy& one) { return !one.policy.scope.group_id.empty(); });
  if (!any) return;
  const auto among = tx.groups().among(machines);
  for (auto& one : policies) {
    const auto members = among.find(one.policy.scope.group_id);
    if (members != among.end()) one.agent_ids = members->second;
  }
}

Actor actorFor(const store::ApprovalPolicy& policy) {
  // What one person may not order alone, no policy of theirs does, unless another one has approved the
  // policy.
  Actor actor{"policy " + policy.name, http::Grants::everywhere("approver")};
  actor.author_id = policy.author_id;
  if (policy.second.counts) actor.approved_by = policy.second.by;
  return actor;
}

bool sameOrders(const LoadedPolicy& one, const LoadedPolicy& other) {
  const store::ApprovalPolicy& a = one.policy;
  const store::ApprovalPolicy& b = other.policy;
  return a.id == b.id && a.terms == b.terms && a.author_id == b.author_id && a.second.id == b.second.id &&
         a.second.counts == b.second.counts;
}

// Between judging and approving, somebody may have changed a policy, who is in a group, or where a machine
// is: that counts. http::Problem 409; the next round judges anew.
void requireStillApproves(const store::ReadTransaction& tx, const LoadedPolicy& one,
                          std::vector<store::UpdateRow> rows, std::int64_t now) {
  std::set<std::string> agent_ids;
  for (const auto& row : rows)
    agent_ids.insert(row.agent_id);
  const auto policies = Policies::allFor(tx, machinesOf(rows));
  const auto agents = tx.agents().recipients(agent_ids, http::Visible::everything());
  for (auto& row : rows) {
    row.site_id = agents.at(row.agent_id).site_id;
    const auto verdict = judge(policies, row, now);
    if (verdict.kind != Says::kApproves || !sameOrders(*verdict.policy, one))
      throw http::Problem{409, "policy.overtaken", "what it was about changed meanwhile"};
  }
}

}  // namespace

std::vector<LoadedPolicy> Policies::allFor(const store::ReadTransaction& tx,
                                           const store::Groups::Machines& machines) {
  auto policies = stored(tx, http::Visible::everything());
  readMembers(tx, machines, policies);
  return policies;
}

std::vector<LoadedPolicy> Policies::list(const Actor& actor) const {
  return context_.store.read(
      [&](const store::ReadTransaction& tx) { return stored(tx, actor.grants.visible()); });
}

std::vector<store::UpdateRow> Policies::due(const store::ReadTransaction& tx,
                                            const std::vector<LoadedPolicy>& policies,
                                            const store::UpdateRowPlace& after) const {
  store::UpdateRowFilter filter;
  filter.states = {store::UpdateState::kAvailable};
  filter.approvable = true;
  filter.taken_back = false;
  filter.seen_until = context_.now() - youngest(policies);
  filter.after = after;
  if (policies.size() == 1) {
    filter.client_id = policies.front().policy.scope.client_id;
    filter.site_id = policies.front().policy.scope.site_id;
  }
  return tx.updates().rows(filter, http::Visible::everything());
}

PolicyReach Policies::preview(LoadedPolicy draft, const Actor& actor) const {
  return context_.store.read([&](const store::ReadTransaction& tx) {
    if (!draft.policy.id.empty()) draft.policy.scope = policyFor(tx, draft.policy.id, actor).policy.scope;
    draft.policy.scope = requireScope(tx, draft.policy.scope, actor, "admin");
    draft.policy.enabled = true;
    auto policies = stored(tx, http::Visible::everything());
    std::erase_if(policies, [&](const LoadedPolicy& one) { return one.policy.id == draft.policy.id; });
    policies.push_back(draft);
    auto rows = due(tx, {draft}, {});
    readMembers(tx, machinesOf(rows), policies);
    PolicyReach reach;
    std::set<std::string> agents;
    for (auto& row : rows) {
      const auto verdict = judge(policies, row, context_.now());
      if (verdict.kind != Says::kApproves || verdict.policy != &policies.back()) continue;
      ++reach.updates;
      agents.insert(row.agent_id);
      if (reach.sample.size() < kSampleRows) reach.sample.push_back(std::move(row));
    }
    reach.agents = agents.size();
    return reach;
  });
}

LoadedPolicy Policies::add(LoadedPolicy one, const Actor& actor) {
  one.policy.id = newId();
  one.policy.created_at = one.policy.changed_at = context_.now();
  one.policy.created_by = one.policy.changed_by = actor.name;
  one.policy.author_id = actor.author_id;
  one.policy.terms = dumpJson(toJson(one.terms));
  return context_.store.write([&](store::WriteTransaction& tx) {
    one.policy.scope = requireScope(tx, one.policy.scope, actor, "admin");
    requireFree(tx, one.policy);
    tx.decisions().addPolicy(one.policy);
    LoadedPolicy added = policyFor(tx, one.policy.id, actor);
    record(tx, added, actor, "policy.added", "added", context_.now());
    return added;
  });
}

LoadedPolicy Policies::change(LoadedPolicy one, const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    LoadedPolicy changed = policyFor(tx, one.policy.id, actor);
    changed.policy.name = one.policy.name;
    changed.policy.enabled = one.policy.enabled;
    changed.terms = one.terms;
    changed.policy.terms = dumpJson(toJson(one.terms));
    changed.policy.changed_at = context_.now();
    changed.policy.changed_by = actor.name;
    changed.policy.author_id = actor.author_id;
    changed.policy.second = {};
    requireFree(tx, changed.policy);
    tx.decisions().changePolicy(changed.policy);
    record(tx, changed, actor, "policy.changed", "changed", context_.now());
    return changed;
  });
}

void Policies::remove(const std::string& policy_id, const Actor& actor) {
  context_.store.write([&](store::WriteTransaction& tx) {
    const LoadedPolicy one = policyFor(tx, policy_id, actor);
    tx.decisions().removePolicy(one.policy);
    record(tx, one, actor, "policy.removed", "removed", context_.now());
  });
}

LoadedPolicy Policies::approve(const Beforehand& wish, const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    LoadedPolicy one = visiblePolicy(tx, wish.id, actor);
    if (!one.terms.install)
      throw http::Problem{409, "policy.orders_nothing", "this policy leaves ordering to people"};
    one.policy.second = approvedBeforehand(tx, wish, standingOrder(one.policy), actor, context_.now());
    tx.decisions().setSecondOpinion(one.policy);
    record(tx, one, actor, "policy.approved", "approved (" + wish.reason + ") what is ordered by",
           context_.now());
    return one;
  });
}

LoadedPolicy Policies::withdrawApproval(const std::string& policy_id, const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    LoadedPolicy one = visiblePolicy(tx, policy_id, actor);
    requireWithdrawable(one.policy.second, standingOrder(one.policy), actor);
    one.policy.second = {};
    tx.decisions().setSecondOpinion(one.policy);
    record(tx, one, actor, "policy.approval_withdrawn", "withdrew the approval of what is ordered by",
           context_.now());
    return one;
  });
}

// What cannot be approved now is tried again in the next round; the others need not wait for it.
void Policies::approveAs(const LoadedPolicy& one, const std::vector<store::UpdateRow>& rows) {
  const auto how = one.terms.install ? Approvals::How::kOrder : Approvals::How::kOnlyApprove;
  Selection selection;
  for (const auto& row : rows)
    selection.update_ids.push_back(row.id);
  try {
    approvals_.approve(
        selection, actorFor(one.policy),
        [&](const store::ReadTransaction& tx, const ApprovalOutcome&) {
          requireStillApproves(tx, one, rows, context_.now());
        },
        how);
  } catch (const http::Problem& problem) {
    spdlog::warn("policy {}: {}: {}", one.policy.name, problem.code, problem.detail);
  }
}

void Policies::sweep() {
  const std::int64_t began = context_.clock.monotonicNs();
  if (began < next_ns_) return;
  std::map<const LoadedPolicy*, std::vector<store::UpdateRow>> approves;
  std::vector<LoadedPolicy> policies;
  context_.store.read([&](const store::ReadTransaction& tx) {
    policies = stored(tx, http::Visible::everything());
    std::erase_if(policies, [](const LoadedPolicy& one) { return !one.policy.enabled; });
    // Those that cannot be approved stay where they are: the others behind them have their turn all the same.
    const store::UpdateRowPlace after = std::exchange(after_, {});
    if (policies.empty()) return;
    auto rows = due(tx, policies, after);
    readMembers(tx, machinesOf(rows), policies);
    std::size_t taken = 0;
    for (auto& row : rows) {
      const auto verdict = judge(policies, row, context_.now());
      if (verdict.kind != Says::kApproves) continue;
      if (++taken == kRowsARound) after_ = {row.client_id, row.agent_id, row.name, row.id};
      approves[verdict.policy].push_back(std::move(row));
      if (taken == kRowsARound) break;
    }
  });
  for (const auto& [one, rows] : approves) {
    for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAtOnce) {
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(begin);
      const auto count = std::min(kRowsAtOnce, rows.size() - begin);
      approveAs(*one, {first, first + static_cast<std::ptrdiff_t>(count)});
    }
  }
  const std::int64_t ended = context_.clock.monotonicNs();
  next_ns_ = ended + std::max(kEveryNs, kShare * (ended - began));
}

}  // namespace redflag::services
