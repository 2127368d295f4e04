#include "services/groups.h"

#include <algorithm>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "services/decision_scope.h"
#include "services/profiles.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr const char* kGroupRole = "approver";
constexpr std::size_t kNamedInAudit = 50;

// "db-1, db-2"
std::string namesOf(const std::vector<store::GroupMember>& members) {
  std::string text;
  for (std::size_t i = 0; i < members.size() && i < kNamedInAudit; ++i)
    text += (i == 0 ? "" : ", ") + members[i].hostname;
  if (members.size() > kNamedInAudit)
    text += " and " + std::to_string(members.size() - kNamedInAudit) + " more";
  return text;
}

// Those of the first that are not in the second.
std::vector<store::GroupMember> without(const std::vector<store::GroupMember>& some,
                                        const std::vector<store::GroupMember>& others) {
  std::set<std::string> ids;
  for (const auto& one : others)
    ids.insert(one.agent_id);
  std::vector<store::GroupMember> left;
  std::copy_if(some.begin(), some.end(), std::back_inserter(left),
               [&](const store::GroupMember& one) { return !ids.contains(one.agent_id); });
  return left;
}

// "; with db-1, without db-2"
std::string differenceOf(const GroupView& before, const GroupView& after) {
  const auto come = without(after.members, before.members);
  const auto gone = without(before.members, after.members);
  std::string text;
  if (!come.empty()) text += "; with " + namesOf(come);
  if (!gone.empty()) text += (text.empty() ? "; without " : ", without ") + namesOf(gone);
  return text;
}

std::vector<store::ApprovalPolicy> policiesOf(const store::ReadTransaction& tx, const std::string& group_id) {
  auto policies = tx.decisions().policies(http::Visible::everything());
  std::erase_if(policies, [&](const store::ApprovalPolicy& one) { return one.scope.group_id != group_id; });
  return policies;
}

// Whoever approved what they order has not seen these machines, nor has who is about to: they count as
// changed.
// "; ends the approval of what is ordered by P"
std::string endApprovals(store::WriteTransaction& tx, const std::string& group_id, const Actor& actor,
                         std::int64_t now) {
  std::string names;
  for (auto& policy : policiesOf(tx, group_id)) {
    if (!policy.second.id.empty())
      names += (names.empty() ? "; ends the approval of what is ordered by " : ", ") + policy.name;
    policy.changed_at = now;
    policy.changed_by = actor.name;
    tx.decisions().changePolicy(policy);
  }
  return names;
}

}  // namespace

std::vector<store::AgentGroup> Groups::list(const Actor& actor) const {
  return context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.groups().list(actor.grants.visible()); });
}

GroupView Groups::findFor(const store::ReadTransaction& tx, const std::string& id, const Actor& actor) const {
  const http::Visible visible = actor.grants.visible();
  auto group = tx.groups().find(id, visible);
  if (!group) throw http::Problem{404, "group.not_found", "there is no such group"};
  GroupView view{std::move(*group), {}};
  view.members = tx.groups().members(view.group, visible);
  return view;
}

GroupView Groups::find(const std::string& id, const Actor& actor) const {
  return context_.store.read([&](const store::ReadTransaction& tx) { return findFor(tx, id, actor); });
}

void Groups::requireSense(const store::ReadTransaction& tx, const store::AgentGroup& group,
                          const GroupWish& wish) const {
  const auto named = tx.groups().named(group.client_id);
  const auto other = named.find(wish.name);
  if (other != named.end() && other->second != group.id)
    throw http::Problem{409, "group.name_taken", "there is one of this name already", "/name"};
  if (!wish.agent_ids) return;
  const std::set<std::string> agent_ids(wish.agent_ids->begin(), wish.agent_ids->end());
  const auto client = http::Visible::of({{"viewer", group.client_id, ""}});
  if (tx.agents().recipients(agent_ids, client).size() != agent_ids.size())
    throw http::Problem{404, "agent.not_found", "its client has no such agent", "/agent_ids"};
}

std::optional<store::Profile> Groups::requireMayChange(const store::ReadTransaction& tx,
                                                       const store::AgentGroup& group,
                                                       const Actor& actor) const {
  const store::DecisionScope client{group.client_id, "", ""};
  requireScope(tx, client, actor, kGroupRole);
  if (!policiesOf(tx, group.id).empty()) requireScope(tx, client, actor, "admin");
  for (auto& profile : tx.profiles().at(group.client_id)) {
    if (profile.scope.group_id != group.id) continue;
    const auto type = context_.types.find(kConfigureType);
    requireScope(tx, client, actor, type ? type->permission : "admin");
    return std::move(profile);
  }
  return std::nullopt;
}

GroupView Groups::add(const GroupWish& wish, const Actor& actor) {
  store::AgentGroup group;
  group.id = newId();
  group.name = wish.name;
  group.created_at = group.changed_at = context_.now();
  group.created_by = group.changed_by = actor.name;
  return context_.store.write([&](store::WriteTransaction& tx) {
    store::AgentGroup added = group;
    added.client_id = requireScope(tx, {wish.client_id, "", ""}, actor, kGroupRole).client_id;
    requireSense(tx, added, wish);
    if (tx.groups().named(added.client_id).size() >= kMostOfClient)
      throw http::Problem{409, "group.too_many", "this client has 500 groups already"};
    tx.groups().add(added);
    if (wish.agent_ids) tx.groups().setMembers(added, *wish.agent_ids);
    GroupView view = findFor(tx, added.id, actor);
    changed(tx, view.group, actor, "group.added", "added the group " + added.name + differenceOf({}, view));
    return view;
  });
}

GroupView Groups::change(const std::string& id, const GroupWish& wish, const Actor& actor) {
  return context_.store.write([&](store::WriteTransaction& tx) {
    const GroupView before = findFor(tx, id, actor);
    const auto profile = requireMayChange(tx, before.group, actor);
    requireSense(tx, before.group, wish);
    store::AgentGroup after = before.group;
    after.name = wish.name;
    after.changed_at = context_.now();
    after.changed_by = actor.name;
    // Those that leave it, and then those that come; its name decides beside other groups of theirs.
    if (profile) tx.profiles().lookAgain(profile->scope);
    tx.groups().change(after);
    if (wish.agent_ids) tx.groups().setMembers(after, *wish.agent_ids);
    if (profile) tx.profiles().lookAgain(profile->scope);
    GroupView view = findFor(tx, id, actor);
    const bool grown = !without(view.members, before.members).empty();
    const std::string approvals = grown ? endApprovals(tx, id, actor, after.changed_at) : "";
    const std::string called = after.name == before.group.name ? "" : ", now called " + after.name;
    changed(tx, view.group, actor, "group.changed",
            "changed the group " + before.group.name + called + differenceOf(before, view) + approvals);
    return view;
  });
}

void Groups::remove(const std::string& id, const Actor& actor) {
  context_.store.write([&](store::WriteTransaction& tx) {
    const GroupView view = findFor(tx, id, actor);
    const auto profile = requireMayChange(tx, view.group, actor);
    if (profile) tx.profiles().lookAgain(profile->scope);
    std::string windows;
    for (const auto& window : tx.windows().list(http::Visible::everything()))
      if (window.scope.group_id == id)
        windows += (windows.empty() ? " and its windows " : ", ") + window.name;
    const std::string settings = profile ? " and its profile " + profile->name : "";
    std::string policies;
    for (const auto& policy : policiesOf(tx, id))
      policies += (policies.empty() ? " and its policies " : ", ") + policy.name;
    tx.groups().remove(view.group);
    changed(tx, view.group, actor, "group.removed",
            "removed the group " + view.group.name + windows + settings + policies + differenceOf(view, {}));
  });
}

void Groups::changed(store::WriteTransaction& tx, const store::AgentGroup& group, const Actor& actor,
                     const std::string& kind, const std::string& text) const {
  orders_.lookAtWindowsAgain(tx, group.client_id);
  store::HistoryEntry entry;
  entry.at = context_.now();
  entry.subsystem = "people";
  entry.actor = actor.name;
  entry.kind = kind;
  entry.text = text;
  tx.events().record(group.client_id, "", entry);
  tx.events().publish(group.client_id, "window", Json::object(), entry.at);
}

}  // namespace redflag::services
