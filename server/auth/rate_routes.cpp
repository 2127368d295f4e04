#include <algorithm>

#include "auth/rate_limits.h"
#include "base/json.h"

namespace redflag::auth {
namespace {

using http::Permission;
using http::Problem;
using http::Request;
using http::Response;

Json orNull(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json();
}

Json view(const RatePolicy& policy) {
  return {{"policy", policy.name},
          {"text", policy.text},
          {"per_minute", policy.perMinute()},
          {"usual", policy.usual},
          {"configured", orNull(policy.configured)},
          {"set", orNull(policy.set)}};
}

const std::string& policyIn(const Request& request) {
  const std::string& name = request.parameters.at("policy");
  const auto& known = RateLimits::known();
  const bool exists =
      std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.name == name; });
  if (!exists) throw Problem{404, "rate.not_found", "there is no such policy"};
  return name;
}

Response answer(RateLimits& limits, RateStore& store, const std::string& name) {
  limits.use(store.rates());
  for (const auto& policy : limits.policies())
    if (policy.name == name) return http::jsonResponse(200, view(policy));
  throw Problem{404, "rate.not_found", "there is no such policy"};
}

Response list(const RateLimits& limits) {
  Json items = Json::array();
  for (const auto& policy : limits.policies())
    items.push_back(view(policy));
  return http::jsonResponse(200, {{"items", std::move(items)}});
}

Response change(RateLimits& limits, RateStore& store, const Request& request) {
  const std::string& name = policyIn(request);
  const auto body = parseJson(request.body, {1024, 2, 8});
  if (!body) throw Problem{400, "request.body", body.error().text};
  JsonReader in(*body, "body");
  const std::int64_t per_minute = in.integer("per_minute", RateLimits::kLeast, RateLimits::kMost);
  if (const auto read = in.finish(); !read) throw Problem{400, "request.body", read.error().text};
  store.setRate(name, per_minute, request.principal.username);
  return answer(limits, store, name);
}

Response reset(RateLimits& limits, RateStore& store, const Request& request) {
  const std::string& name = policyIn(request);
  store.setRate(name, std::nullopt, request.principal.username);
  return answer(limits, store, name);
}

}  // namespace

std::vector<http::Route> rateRoutes(RateLimits& limits, RateStore& store) {
  const char* one = "/api/v1/rate-limits/{policy}";
  return {{"GET", "/api/v1/rate-limits", Permission::kAdmin, 0,
           [&limits](const Request&) { return list(limits); }},
          {"PUT", one, Permission::kAdmin, 1024,
           [&limits, &store](const Request& request) { return change(limits, store, request); }},
          {"DELETE", one, Permission::kAdmin, 0,
           [&limits, &store](const Request& request) { return reset(limits, store, request); }}};
}

}  // namespace redflag::auth
