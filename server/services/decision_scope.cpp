#include "services/decision_scope.h"

#include <algorithm>

#include "http/message.h"
#include "store/groups.h"

namespace redflag::services {
namespace {

// The client that this place is, or is in; "" where the actor sees no such place.
std::string clientOf(const store::ReadTransaction& tx, const store::DecisionScope& scope,
                     const http::Visible& visible) {
  for (const auto& client : tx.agents().clients(visible)) {
    if (!scope.client_id.empty() && client.id != scope.client_id) continue;
    if (scope.site_id.empty()) return client.id;
    const bool here = std::any_of(client.sites.begin(), client.sites.end(),
                                  [&](const store::Place& site) { return site.id == scope.site_id; });
    if (here) return client.id;
  }
  return "";
}

}  // namespace

store::DecisionScope requirePlace(const store::ReadTransaction& tx, store::DecisionScope scope,
                                  const Actor& actor) {
  const http::Visible visible = actor.grants.visible();
  if (!scope.agent_id.empty()) {
    const auto agent = tx.agents().key(scope.agent_id);
    const bool seen = agent && visible.includes(agent->client_id, agent->site_id);
    const bool fits = seen && (scope.client_id.empty() || scope.client_id == agent->client_id);
    if (!fits) throw http::Problem{404, "agent.not_found", "there is no such agent", "/agent_id"};
    scope.client_id = agent->client_id;
    scope.site_id.clear();  // wherever it is moved to
  } else if (!scope.group_id.empty()) {
    const auto group = tx.groups().find(scope.group_id, visible);
    if (!group || (!scope.client_id.empty() && scope.client_id != group->client_id))
      throw http::Problem{404, "group.not_found", "there is no such group", "/group_id"};
    scope.client_id = group->client_id;
    scope.client_name = group->client_name;
    scope.group_name = group->name;
  } else if (!scope.client_id.empty() || !scope.site_id.empty()) {
    scope.client_id = clientOf(tx, scope, visible);
    if (scope.client_id.empty())
      throw http::Problem{404, "place.not_found", "there is no such client or site", "/client_id"};
  }
  return scope;
}

store::DecisionScope requireScope(const store::ReadTransaction& tx, store::DecisionScope wanted,
                                  const Actor& actor, const std::string& role) {
  store::DecisionScope scope = requirePlace(tx, std::move(wanted), actor);
  const std::string site_id =
      scope.agent_id.empty() ? scope.site_id : tx.agents().key(scope.agent_id)->site_id;
  if (http::atLeast(actor.grants.roleOver(scope.client_id, site_id), role)) return scope;
  throw http::Problem{403, "role.insufficient", "this asks for the role " + role + " over all of it"};
}

std::string whereText(const store::DecisionScope& scope) {
  if (!scope.agent_id.empty()) return "on " + scope.hostname;
  if (!scope.group_id.empty()) return "of the group " + scope.group_name + " at " + scope.client_name;
  if (!scope.site_id.empty()) return "at " + scope.client_name + ", " + scope.site_name;
  return scope.client_id.empty() ? "everywhere" : "at " + scope.client_name;
}

}  // namespace redflag::services
