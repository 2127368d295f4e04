#include "api/idempotency.h"
#include "api/input.h"
#include "api/outlook.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoCommand = "command.not_found";
constexpr std::size_t kShownLines = 2'000;
constexpr std::size_t kMaxAgents = 2'000;
constexpr std::size_t kOrderBytes = 256U << 10;

http::Response listCommands(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "agent_id", "run_id", "state", "type", "order_id"});
  store::CommandFilter filter;
  filter.agent_id = query.id("agent_id");
  filter.run_id = query.id("run_id");
  filter.type = query.text("type", 64);
  filter.order_id = query.id("order_id");
  for (const auto& name : query.list("state")) {
    const auto state = store::commandState(name);
    if (!state) refuseParameter("state", "states of a command, separated by commas");
    filter.states.push_back(*state);
  }
  return http::jsonResponse(200, view(services.store().read([&](const store::ReadTransaction& tx) {
                              return tx.commands().list(filter, request.principal.grants.visible(),
                                                        query.page());
                            })));
}

Json transitionsView(const std::vector<store::Transition>& transitions) {
  Json items = Json::array();
  for (const auto& transition : transitions) {
    items.push_back({{"from", textOrNull(transition.from)},
                     {"to", transition.to},
                     {"at", timeOrNull(transition.at)},
                     {"actor", transition.actor},
                     {"reason", reasonOrNull(transition.reason)}});
  }
  return items;
}

Json preparationView(const store::Command& command) {
  return {{"command_id", command.id},
          {"title", command.title},
          {"state", store::name(command.state)},
          {"percent", command.percent ? Json(*command.percent) : Json()},
          {"reason", reasonOrNull(command.reason)}};
}

http::Response showCommand(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoCommand);
  return services.store().read([&](const store::ReadTransaction& tx) {
    const http::Visible visible = request.principal.grants.visible();
    const auto command = tx.commands().find(id, visible);
    if (!command) throw http::Problem{404, kNoCommand, "there is no such command"};
    Json json = view(*command);
    json["parameters"] = parsedOr(command->parameters, Json::object());
    json["actions"] = parsedOr(command->actions, Json::array());
    json["plan"] = parsedOr(command->plan, Json());
    json["plan_hash"] = textOrNull(command->plan_hash);
    json["extras"] = parsedOr(command->extras, Json::array());
    json["results"] = parsedOr(command->results, Json());
    json["log"] = Json::array();
    for (const auto& line : tx.commands().log(*command, kShownLines)) {
      json["log"].push_back({{"seq", line.seq}, {"at", timeOrNull(line.at)}, {"text", line.text}});
    }
    const auto agent = tx.agents().find(command->agent_id, visible, services.context().contact());
    const auto type = services.context().types.find(command->type);
    const auto preparation = type && !type->prepared_by.empty()
                                 ? tx.commands().preparationOf(*command, type->prepared_by)
                                 : std::nullopt;
    const Outlook outlook =
        outlookOf(*command, agent ? agent->connection : "never", preparation ? &*preparation : nullptr);
    json["preparation"] = preparation ? preparationView(*preparation) : Json();
    json["waiting_for"] = textOrNull(outlook.waiting_for);
    json["next"] = textOrNull(outlook.next);
    json["transitions"] = transitionsView(tx.commands().transitions(*command));
    store::UpdateFilter about;
    about.command_id = command->id;
    const auto page = tx.updates().list(about, visible, services.context().contact(), {500, ""});
    const Prospects prospects(tx, services.context().types, page.items, services.context().now());
    json["updates"] = view(page, prospects)["items"];
    return http::jsonResponse(200, json);
  });
}

http::Response create(services::Services& services, const http::Request& request) {
  Body body(request, {kOrderBytes, 16, 20'000});
  const std::string type = body.in().text("type", 64);
  const auto agent_ids = readIds(body.in(), "agent_ids", kMaxAgents);
  const Json& parameters = body.in().object("parameters");
  const std::string outside = readOptionalWhy(body.in(), "outside_window");
  body.finish();
  const Idempotency idempotency(services.store(), request);
  if (idempotency.previous()) return *idempotency.previous();
  http::Response response;
  services.orders.order(
      type, agent_ids, parameters, actorOf(request),
      [&](store::WriteTransaction& tx, const std::vector<store::Command>& commands) {
        Json items = Json::array();
        for (const auto& command : commands)
          items.push_back(view(command));
        response = http::jsonResponse(201, {{"items", std::move(items)}});
        idempotency.remember(tx, response, services.context().now());
      },
      outside);
  return response;
}

http::Response cancel(services::Services& services, const http::Request& request) {
  refuseBody(request);
  const auto command = services.orders.cancel(pathId(request, kNoCommand), actorOf(request));
  services.upkeep.wake();
  return http::jsonResponse(200, view(command));
}

http::Response confirm(services::Services& services, const http::Request& request) {
  refuseBody(request);
  return http::jsonResponse(200,
                            view(services.orders.confirm(pathId(request, kNoCommand), actorOf(request))));
}

http::Response retry(services::Services& services, const http::Request& request) {
  refuseBody(request);
  const auto old = services.orders.find(pathId(request, kNoCommand), request.principal.grants.visible());
  const auto type = services.context().types.find(old.type);
  // What was approved is planned anew: part of it may be installed by now.
  const auto command = type && type->needs_approval ? services.approvals.again(old.id, actorOf(request))
                                                    : services.orders.retry(old.id, actorOf(request));
  return http::jsonResponse(201, view(command));
}

http::Response runOutside(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoCommand);
  Body body(request);
  const std::string reason = readWhy(body.in(), "reason");
  body.finish();
  return http::jsonResponse(200, view(services.orders.runOutside(id, reason, actorOf(request))));
}

http::Response types(services::Services& services, const http::Request&) {
  Json items = Json::array();
  for (const auto& type : services.context().types.all()) {
    items.push_back({{"type", type.id},
                     {"title", type.title},
                     {"description", type.description},
                     {"permission", type.permission},
                     {"risk", type.risk},
                     {"needs_approval", type.needs_approval},
                     {"listed", type.listed},
                     {"parameters_schema", type.parameters_schema},
                     {"result_schema", type.result_schema}});
  }
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

}  // namespace

void addCommandRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/commands", Permission::kViewer, listCommands);
  table.add("GET", "/api/v1/commands/{id}", Permission::kViewer, showCommand);
  table.add("POST", "/api/v1/commands", Permission::kTechnician, create).body_limit = kOrderBytes;
  table.add("POST", "/api/v1/commands/{id}/cancel", Permission::kTechnician, cancel);
  table.add("POST", "/api/v1/commands/{id}/confirm", Permission::kApprover, confirm);
  table.add("POST", "/api/v1/commands/{id}/retry", Permission::kTechnician, retry);
  table.add("POST", "/api/v1/commands/{id}/run-outside-window", Permission::kApprover, runOutside)
      .needs_proof = true;
  table.add("GET", "/api/v1/command-types", Permission::kViewer, types);
}

}  // namespace redflag::api
