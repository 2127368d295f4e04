#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "auth/people_routes.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoOrder = "order.not_found";

Json orderView(const services::Services& services, const store::HeldOrder& order,
               const services::Actor& actor) {
  return {{"id", order.id},
          {"type", order.type},
          {"title", order.title},
          {"risk", order.risk},
          {"actor", order.actor},
          {"own", order.author_id == actor.author_id},
          {"may_decide", services.second_person.mayDecide(order, actor)},
          {"created_at", timeOrNull(order.created_at)},
          {"expires_at", timeOrNull(order.expires_at)},
          {"agents", order.agents},
          {"clients", order.clients},
          {"parameters", parsedOr(order.parameters, Json())},
          {"updates", order.updates},
          {"outside_window", textOrNull(order.outside_reason)}};
}

Json ruleView(const services::RuleInForce& rule) {
  return {{"risk", rule.risk},
          {"machines", rule.machines},
          {"set", rule.set},
          {"set_counts_at", timeOrNull(rule.set_counts_at)},
          {"changed_at", timeOrNull(rule.changed_at)},
          {"changed_by", textOrNull(rule.changed_by)}};
}

http::Response listOrders(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit"});
  const services::Actor actor = actorOf(request);
  const auto page = services.store().read([&](const store::ReadTransaction& tx) {
    return tx.commands().heldOrders(actor.grants.visible(), query.page());
  });
  Json items = Json::array();
  for (const auto& order : page.items)
    items.push_back(orderView(services, order, actor));
  return http::jsonResponse(
      200,
      {{"items", std::move(items)}, {"next_cursor", textOrNull(page.next_cursor)}, {"total", page.total}});
}

using Decide = std::size_t (services::SecondPerson::*)(const std::string&, const std::string&,
                                                       const services::Actor&);

http::Response decide(services::Services& services, const http::Request& request, Decide how) {
  // Whoever decides has to be somebody else, and a token is not somebody.
  auth::requireSession(request);
  const std::string& id = pathId(request, kNoOrder);
  Body body(request);
  const std::string reason = readWhy(body.in(), "reason");
  body.finish();
  const std::size_t decided = (services.second_person.*how)(id, reason, actorOf(request));
  services.upkeep.wake();
  return http::jsonResponse(200, {{"commands", decided}});
}

http::Response listRules(services::Services& services, const http::Request&) {
  Json items = Json::array();
  for (const auto& rule : services.second_person.rules())
    items.push_back(ruleView(rule));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

http::Response setRule(services::Services& services, const http::Request& request) {
  Body body(request);
  const std::int64_t machines = body.in().integer("machines", 0, services::SecondPerson::kMostMachines);
  body.finish();
  return http::jsonResponse(200, ruleView(services.second_person.setRule(request.parameters.at("risk"),
                                                                         machines, actorOf(request))));
}

}  // namespace

Json view(const store::SecondOpinion& opinion) {
  if (opinion.id.empty()) return {};
  return {{"by", opinion.by},
          {"at", timeOrNull(opinion.at)},
          {"reason", opinion.reason},
          {"counts", opinion.counts}};
}

void addSecondPersonRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  const auto deciding = [](Decide how) {
    return [how](services::Services& all, const http::Request& request) { return decide(all, request, how); };
  };
  table.addWithQuery("GET", "/api/v1/held-orders", Permission::kViewer, listOrders);
  table
      .add("POST", "/api/v1/held-orders/{id}/approve", Permission::kApprover,
           deciding(&services::SecondPerson::approve))
      .needs_proof = true;
  table.add("POST", "/api/v1/held-orders/{id}/decline", Permission::kApprover,
            deciding(&services::SecondPerson::decline));
  table.add("GET", "/api/v1/second-person-rules", Permission::kViewer, listRules);
  table.add("PUT", "/api/v1/second-person-rules/{risk}", Permission::kAdmin, setRule).needs_proof = true;
}

}  // namespace redflag::api
