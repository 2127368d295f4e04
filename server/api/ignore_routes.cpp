#include "api/decision_views.h"
#include "api/route_table.h"
#include "api/routes.h"
#include "api/views.h"
#include "base/time.h"
#include "protocol/record_kinds.h"

namespace redflag::api {
namespace {

using http::Permission;

constexpr const char* kNoRule = "ignore_rule.not_found";
constexpr std::size_t kMaxRuleReason = 500;
constexpr std::size_t kMaxRuleText = 1'024;
constexpr std::size_t kMaxRulePattern = 200;

Json ruleView(const store::IgnoreRule& rule) {
  Json json = {{"id", rule.id},
               {"manager", textOrNull(rule.manager)},
               {"key", textOrNull(rule.key)},
               {"pattern", textOrNull(rule.pattern)},
               {"version", textOrNull(rule.version)},
               {"until", timeOrNull(rule.until)},
               {"reason", rule.reason},
               {"state", store::name(rule.state)},
               {"created_at", timeOrNull(rule.created_at)},
               {"created_by", rule.created_by},
               {"ended_at", timeOrNull(rule.ended_at)},
               {"ended_by", textOrNull(rule.ended_by)},
               {"updates", rule.updates}};
  json.update(view(rule.scope));
  return json;
}

std::int64_t readUntil(JsonReader& in) {
  const std::string until = in.optionalText("until", 64);
  if (until.empty()) return 0;
  const auto at = fromRfc3339(until);
  if (!at || *at <= 0) in.refuse("until", "a time as of RFC 3339, or nothing: for good");
  return at.value_or(0);
}

store::IgnoreRule ruleIn(const http::Request& request) {
  Body body(request);
  JsonReader& in = body.in();
  store::IgnoreRule rule;
  rule.scope = readScope(in);
  rule.manager = in.optionalText("manager", 128);
  rule.key = in.optionalText("key", kMaxRuleText);
  rule.pattern = in.optionalText("pattern", kMaxRulePattern);
  rule.version = in.optionalText("version", kMaxRuleText);
  rule.until = readUntil(in);
  rule.reason = in.text("reason", kMaxRuleReason);
  if (rule.reason.find_first_not_of(" \t\r\n") == std::string::npos) in.refuse("reason", "a reason");
  for (const auto& [key, text] :
       {std::pair("manager", rule.manager), std::pair("key", rule.key), std::pair("pattern", rule.pattern),
        std::pair("version", rule.version), std::pair("reason", rule.reason)}) {
    if (!protocol::isCleanText(text)) in.refuse(key, "text without control characters");
  }
  if (rule.key.empty() == rule.pattern.empty())
    in.refuse("pattern", "either a pattern for names, or the key of one update");
  if (!rule.key.empty() && rule.manager.empty()) in.refuse("manager", "the manager whose key it is");
  body.finish();
  return rule;
}

http::Response listIgnoreRules(services::Services& services, const http::Request& request) {
  const Query query(request, {"cursor", "limit", "state"});
  std::vector<store::RuleState> states;
  for (const auto& name : query.list("state")) {
    const auto state = store::ruleState(name);
    if (!state) refuseParameter("state", "active, lifted or expired, separated by commas");
    states.push_back(*state);
  }
  if (states.empty()) states = {store::RuleState::kActive};
  const auto page = services.ignores.list(states, actorOf(request), query.page());
  Json items = Json::array();
  for (const auto& rule : page.items)
    items.push_back(ruleView(rule));
  return http::jsonResponse(
      200,
      {{"items", std::move(items)}, {"next_cursor", textOrNull(page.next_cursor)}, {"total", page.total}});
}

http::Response addRule(services::Services& services, const http::Request& request) {
  const Query query(request, {"preview"});
  const store::IgnoreRule rule = ruleIn(request);
  if (query.choice("preview", {"1"}).empty())
    return http::jsonResponse(201, ruleView(services.ignores.add(rule, actorOf(request))));
  const auto reach = services.ignores.preview(rule, actorOf(request));
  return http::jsonResponse(200, {{"updates", reach.updates},
                                  {"agents", reach.agents},
                                  {"under_way", reach.under_way},
                                  {"sample", sampleView(reach.sample)}});
}

http::Response liftRule(services::Services& services, const http::Request& request) {
  return http::jsonResponse(200, ruleView(services.ignores.lift(pathId(request, kNoRule), actorOf(request))));
}

}  // namespace

void addIgnoreRoutes(services::Services& services, std::vector<http::Route>& routes) {
  RouteTable table(services, routes);
  table.addWithQuery("GET", "/api/v1/ignore-rules", Permission::kViewer, listIgnoreRules);
  table.addWithQuery("POST", "/api/v1/ignore-rules", Permission::kApprover, addRule);
  table.add("POST", "/api/v1/ignore-rules/{id}/lift", Permission::kApprover, liftRule);
}

}  // namespace redflag::api
