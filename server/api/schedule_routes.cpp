#include "api/input.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "services/place_windows.h"
#include "store/schedules.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoSchedule = "schedule.not_found";
constexpr std::size_t kMaxAgents = 2'000;
constexpr std::size_t kWishBytes = 256U << 10;
constexpr std::size_t kMostPreviewed = 50;

void readScope(services::ScheduleWish& wish, const Json& json) {
  JsonReader in(json, "body.scope");
  const bool everything = in.optionalBoolean("everything", false);
  wish.client_id = in.optionalText("client_id", 26);
  wish.site_id = in.optionalText("site_id", 26);
  const bool named = in.find("agent_ids") != nullptr;
  if (named) wish.agent_ids = readIds(in, "agent_ids", kMaxAgents);
  // An empty scope must not come to mean all that there is.
  const int said = (everything ? 1 : 0) + (wish.client_id.empty() ? 0 : 1) + (wish.site_id.empty() ? 0 : 1) +
                   (named ? 1 : 0);
  if (said != 1) in.refuse("client_id", "one of client_id, site_id, agent_ids or \"everything\": true");
  finish(in);
}

calendar::Rule readRuleOf(const Json& json) {
  JsonReader in(json, "body.rule");
  const calendar::Rule rule = calendar::readRule(in);
  finish(in);
  return rule;
}

services::ScheduleWish wishIn(const http::Request& request) {
  Body body(request, {kWishBytes, 16, 20'000});
  JsonReader& in = body.in();
  services::ScheduleWish wish;
  wish.name = readName(in, "name");
  wish.type = in.text("type", 64);
  wish.parameters = in.object("parameters");
  const Json& scope = in.object("scope");
  const Json& rule = in.object("rule");
  wish.time_zone = in.optionalText("time_zone", 64);
  wish.catch_up_s = in.optionalInteger("catch_up_s", 0, services::kMostCatchUpS, 0);
  body.finish();
  readScope(wish, scope);
  wish.rule = readRuleOf(rule);
  return wish;
}

Json scopeView(const store::Schedule& schedule) {
  if (!schedule.agent_ids.empty()) return {{"agent_ids", schedule.agent_ids}};
  if (!schedule.site_id.empty()) return {{"site_id", schedule.site_id}};
  if (!schedule.client_id.empty()) return {{"client_id", schedule.client_id}};
  return {{"everything", true}};
}

Json occurrenceView(const calendar::Occurrence& occurrence) {
  return {{"at", toRfc3339(occurrence.at)}, {"local", toText(occurrence.local)}, {"moved", occurrence.moved}};
}

http::Response listSchedules(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit"});
  return http::jsonResponse(200, view(services.schedules.list(actorOf(request), query.page())));
}

http::Response showSchedule(services::Services& services, const http::Request& request) {
  return http::jsonResponse(200,
                            view(services.schedules.find(pathId(request, kNoSchedule), actorOf(request))));
}

http::Response add(services::Services& services, const http::Request& request) {
  return http::jsonResponse(201, view(services.schedules.add(wishIn(request), actorOf(request))));
}

http::Response change(services::Services& services, const http::Request& request) {
  const std::string& id = pathId(request, kNoSchedule);
  return http::jsonResponse(200, view(services.schedules.change(id, wishIn(request), actorOf(request))));
}

http::Response remove(services::Services& services, const http::Request& request) {
  services.schedules.remove(pathId(request, kNoSchedule), actorOf(request));
  return nothingToSay();
}

http::Response pause(services::Services& services, const http::Request& request) {
  refuseBody(request);
  return http::jsonResponse(200,
                            view(services.schedules.pause(pathId(request, kNoSchedule), actorOf(request))));
}

http::Response resume(services::Services& services, const http::Request& request) {
  refuseBody(request);
  return http::jsonResponse(200,
                            view(services.schedules.resume(pathId(request, kNoSchedule), actorOf(request))));
}

http::Response approveSchedule(services::Services& services, const http::Request& request) {
  const auto wish = readBeforehand(request, kNoSchedule);
  return http::jsonResponse(200, view(services.schedules.approve(wish, actorOf(request))));
}

http::Response withdrawScheduleApproval(services::Services& services, const http::Request& request) {
  refuseBody(request);
  const std::string& id = pathId(request, kNoSchedule);
  return http::jsonResponse(200, view(services.schedules.withdrawApproval(id, actorOf(request))));
}

http::Response preview(services::Services& services, const http::Request& request) {
  const Query query(request, {"occurrences"});
  const std::size_t occurrences = query.number("occurrences", 1, kMostPreviewed, 10);
  const auto forecast = services.schedules.preview(wishIn(request), occurrences, actorOf(request));
  Json zones = Json::array();
  for (const auto& zone : forecast.zones) {
    Json next = Json::array();
    for (const auto& occurrence : zone.next)
      next.push_back(occurrenceView(occurrence));
    zones.push_back({{"time_zone", zone.time_zone},
                     {"sites", zone.sites},
                     {"problem", textOrNull(zone.problem)},
                     {"next", std::move(next)}});
  }
  return http::jsonResponse(200, {{"agents", forecast.agents},
                                  {"left_out", forecast.left_out},
                                  {"zones", std::move(zones)},
                                  {"waits", view(forecast.waits)}});
}

http::Response runs(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit"});
  return http::jsonResponse(
      200, view(services.schedules.runs(pathId(request, kNoSchedule), actorOf(request), query.page())));
}

}  // namespace

Json view(const store::Schedule& schedule) {
  const auto rule = services::storedRule(schedule.rule);
  return {{"id", schedule.id},
          {"name", schedule.name},
          {"type", schedule.type},
          {"parameters", parsedOr(schedule.parameters, Json::object())},
          {"scope", scopeView(schedule)},
          {"rule", rule ? calendar::toJson(*rule) : Json()},
          {"when", services::spokenRule(schedule.rule)},
          {"time_zone", textOrNull(schedule.time_zone)},
          {"catch_up_s", schedule.catch_up_s},
          {"state", schedule.state},
          {"author", schedule.author},
          {"created_at", timeOrNull(schedule.created_at)},
          {"changed_at", timeOrNull(schedule.changed_at)},
          {"next_at", schedule.state == "active" ? timeOrNull(schedule.next_at) : Json()},
          {"second_person", view(schedule.second)}};
}

Json view(const store::ScheduleRun& run) {
  return {{"id", run.id},
          {"time_zone", run.time_zone},
          {"local", toText(calendar::Local{run.local_minute})},
          {"due_at", timeOrNull(run.due_at)},
          {"at", timeOrNull(run.at)},
          {"outcome", run.outcome},
          {"reason", reasonOrNull(run.reason)},
          {"ordered", run.ordered},
          {"states", run.states},
          {"left_out", parsedOr(run.left_out, Json::array())}};
}

void addScheduleRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/schedules", Permission::kViewer, listSchedules);
  table.add("POST", "/api/v1/schedules", Permission::kTechnician, add).body_limit = kWishBytes;
  table.addWithQuery("POST", "/api/v1/schedules/preview", Permission::kTechnician, preview).body_limit =
      kWishBytes;
  table.add("GET", "/api/v1/schedules/{id}", Permission::kViewer, showSchedule);
  table.add("PUT", "/api/v1/schedules/{id}", Permission::kTechnician, change).body_limit = kWishBytes;
  table.add("DELETE", "/api/v1/schedules/{id}", Permission::kTechnician, remove);
  table.add("POST", "/api/v1/schedules/{id}/pause", Permission::kTechnician, pause);
  table.add("POST", "/api/v1/schedules/{id}/resume", Permission::kTechnician, resume);
  table.addWithQuery("GET", "/api/v1/schedules/{id}/runs", Permission::kViewer, runs);
  table.add("POST", "/api/v1/schedules/{id}/approve", Permission::kApprover, approveSchedule).needs_proof =
      true;
  table.add("POST", "/api/v1/schedules/{id}/withdraw-approval", Permission::kApprover,
            withdrawScheduleApproval);
}

}  // namespace redflag::api
