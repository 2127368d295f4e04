#include "api/decision_views.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoPolicy = "policy.not_found";

Json policyView(const services::LoadedPolicy& one) {
  Json json = services::toJson(one.terms);
  json["id"] = one.policy.id;
  json["name"] = one.policy.name;
  json["enabled"] = one.policy.enabled;
  json["created_at"] = timeOrNull(one.policy.created_at);
  json["created_by"] = one.policy.created_by;
  json["changed_at"] = timeOrNull(one.policy.changed_at);
  json["changed_by"] = one.policy.changed_by;
  json["second_person"] = view(one.policy.second);
  json.update(viewWithGroup(one.policy.scope));
  json.erase("agent_id");
  json.erase("hostname");
  return json;
}

// `with_scope`: of one that is there already the scope stays.
services::LoadedPolicy policyIn(const http::Request& request, bool with_scope) {
  Body body(request);
  JsonReader& in = body.in();
  services::LoadedPolicy one;
  one.policy.name = readName(in, "name");
  one.policy.enabled = in.optionalBoolean("enabled", true);
  if (with_scope) one.policy.scope = readScopeOrGroup(in);
  if (!one.policy.scope.agent_id.empty())
    in.refuse("agent_id", "nothing: a policy holds at a client, a site or a group");
  one.terms = services::readTerms(in);
  body.finish();
  return one;
}

http::Response listPolicies(services::Services& services, const http::Request& request) {
  Json items = Json::array();
  for (const auto& one : services.policies.list(actorOf(request)))
    items.push_back(policyView(one));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response addPolicy(services::Services& services, const http::Request& request) {
  const Query query(request, {"preview", "instead_of"});
  const bool preview = !query.choice("preview", {"1"}).empty();
  services::LoadedPolicy one = policyIn(request, query.id("instead_of").empty());
  if (!preview) {
    if (!query.id("instead_of").empty()) refuseParameter("instead_of", "preview=1 beside it");
    return http::jsonResponse(201, policyView(services.policies.add(std::move(one), actorOf(request))));
  }
  one.policy.id = query.id("instead_of");
  const auto reach = services.policies.preview(std::move(one), actorOf(request));
  return http::jsonResponse(
      200, {{"updates", reach.updates}, {"agents", reach.agents}, {"sample", sampleView(reach.sample)}});
}

http::Response changePolicy(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoPolicy);
  services::LoadedPolicy one = policyIn(request, false);
  one.policy.id = id;
  return http::jsonResponse(200, policyView(services.policies.change(std::move(one), actorOf(request))));
}

http::Response removePolicy(services::Services& services, const http::Request& request) {
  services.policies.remove(pathId(request, kNoPolicy), actorOf(request));
  return nothingToSay();
}

http::Response approvePolicy(services::Services& services, const http::Request& request) {
  const auto wish = readBeforehand(request, kNoPolicy);
  return http::jsonResponse(200, policyView(services.policies.approve(wish, actorOf(request))));
}

http::Response withdrawPolicyApproval(services::Services& services, const http::Request& request) {
  refuseBody(request);
  const std::string& id = pathId(request, kNoPolicy);
  return http::jsonResponse(200, policyView(services.policies.withdrawApproval(id, actorOf(request))));
}

}  // namespace

void addPolicyRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("GET", "/api/v1/approval-policies", Permission::kViewer, listPolicies);
  table.addWithQuery("POST", "/api/v1/approval-policies", Permission::kScopedAdmin, addPolicy);
  table.add("PUT", "/api/v1/approval-policies/{id}", Permission::kScopedAdmin, changePolicy);
  table.add("DELETE", "/api/v1/approval-policies/{id}", Permission::kScopedAdmin, removePolicy);
  table.add("POST", "/api/v1/approval-policies/{id}/approve", Permission::kApprover, approvePolicy)
      .needs_proof = true;
  table.add("POST", "/api/v1/approval-policies/{id}/withdraw-approval", Permission::kApprover,
            withdrawPolicyApproval);
}

}  // namespace redflag::api
