#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"

namespace redflag::api {
namespace {

Json rowView(const services::SecurityRow& row) {
  return {{"id", row.id},
          {"area", row.area},
          {"level", services::name(row.level)},
          {"title", row.title},
          {"text", row.text},
          {"advice", textOrNull(row.advice)},
          {"until", timeOrNull(row.until)},
          {"count", row.count < 0 ? Json() : Json(row.count)},
          {"link", textOrNull(row.link)}};
}

http::Response security(services::Services& services, const http::Request&) {
  const auto facts = services.security.facts();
  Json items = Json::array();
  for (const auto& row : facts.rows)
    items.push_back(rowView(row));
  Json refusals = Json::array();
  for (const auto& one : facts.refusals) {
    refusals.push_back({{"code", one.code},
                        {"last_day", one.last_day},
                        {"last_week", one.last_week},
                        {"newest_at", timeOrNull(one.newest_at)}});
  }
  return http::jsonResponse(200, {{"items", std::move(items)}, {"refusals", std::move(refusals)}});
}

}  // namespace

void addSecurityRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable(services, routes).add("GET", "/api/v1/security", http::Permission::kAdmin, security);
}

}  // namespace redflag::api
