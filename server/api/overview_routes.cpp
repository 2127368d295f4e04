#include "api/openapi.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "base/time.h"

namespace redflag::api {
namespace {

using http::Permission;
using store::UpdateState;

Json updatesView(const store::UpdateTotals& totals) {
  const auto in_state = [&](UpdateState state) {
    const auto it = totals.by_state.find(state);
    return it == totals.by_state.end() ? std::int64_t{0} : it->second;
  };
  const auto of_severity = [&](const char* severity) {
    const auto it = totals.security_by_severity.find(severity);
    return it == totals.security_by_severity.end() ? std::int64_t{0} : it->second;
  };
  Json json = {{"available", totals.available},
               {"installable", totals.installable},
               {"security", totals.security},
               {"security_by_severity",
                {{"critical", of_severity("critical")},
                 {"high", of_severity("high")},
                 {"medium", of_severity("medium")},
                 {"low", of_severity("low")},
                 {"unrated", of_severity("unknown")}}}};
  for (const auto state : {UpdateState::kApproved, UpdateState::kPlanned, UpdateState::kAwaitingConfirmation,
                           UpdateState::kInstalling, UpdateState::kInstalled, UpdateState::kFailed,
                           UpdateState::kVerified, UpdateState::kIgnored, UpdateState::kCleared}) {
    json[store::name(state)] = in_state(state);
  }
  return json;
}

http::Response overview(services::Services& services, const http::Request& request) {
  const auto facts = services.overview.facts(request.principal.grants.visible());
  Json needs = Json::array();
  for (const auto& need : facts.needs) {
    needs.push_back({{"kind", need.kind},
                     {"severity", need.severity},
                     {"count", need.count},
                     {"text", need.text},
                     {"link", need.link}});
  }
  Json windows = Json::array();
  for (const auto& wait : facts.windows) {
    windows.push_back({{"client_id", wait.client_id},
                       {"site_id", wait.site_id},
                       {"site_name", wait.site_name},
                       {"window", wait.window},
                       {"opens_at", toRfc3339(wait.opens_at)},
                       {"closes_at", toRfc3339(wait.closes_at)},
                       {"agents", wait.agents}});
  }
  return http::jsonResponse(200, {{"agents",
                                   {{"total", facts.agents.total},
                                    {"connected", facts.agents.connected},
                                    {"silent", facts.agents.silent},
                                    {"never", facts.agents.never},
                                    {"pending", facts.agents.pending},
                                    {"cloned", facts.agents.cloned},
                                    {"restored", facts.agents.restored}}},
                                  {"updates", updatesView(facts.updates)},
                                  {"breakers_open", facts.agents.breakers_open},
                                  {"refusals_24h", facts.refusals_24h},
                                  {"config_invalid", facts.agents.config_invalid},
                                  {"windows", std::move(windows)},
                                  {"needs", std::move(needs)}});
}

http::Response openApi(services::Services&, const http::Request&) {
  http::Response response;
  response.body = openApiText();
  return response;
}

}  // namespace

void addOverviewRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.add("GET", "/api/v1/overview", Permission::kViewer, overview);
  table.add("GET", "/api/v1/openapi.json", Permission::kAnyone, openApi);
}

}  // namespace redflag::api
