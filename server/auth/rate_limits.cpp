#include "auth/rate_limits.h"

#include "base/encoding.h"

namespace redflag::auth {
namespace {

using http::Rate;

[[noreturn]] void tooOften(const char* code, int wait_s) {
  throw http::Problem{429, code, "too many requests; wait a little", "", wait_s};
}

std::string sessionOf(const http::Principal& principal) {
  return principal.session_id.empty() ? principal.user_id : principal.session_id;
}

}  // namespace

const std::vector<RatePolicy>& RateLimits::known() {
  static const std::vector<RatePolicy> policies = {
      {"agent", "requests of one agent", 60, {}, {}},
      {"enrolment", "enrolments from one address", 120, {}, {}},
      {"enrolment_failed", "enrolments from one address that were refused", 5, {}, {}},
      {"sign_in", "failed sign-ins to one account from one address", 10, {}, {}},
      {"people", "requests of one session or token", 600, {}, {}}};
  return policies;
}

RateLimits::RateLimits(const Clock& clock, Budget& sign_in,
                       const std::map<std::string, std::int64_t>& configured) {
  for (RatePolicy policy : known()) {
    if (const auto found = configured.find(policy.name); found != configured.end())
      policy.configured = found->second;
    Counted& counted = counted_[policy.name];
    counted.policy = policy;
    if (policy.name == "sign_in") {
      counted.budget = &sign_in;
      sign_in.setRate(rateOf(policy));
    } else {
      counted.own = std::make_unique<Budget>(clock, rateOf(policy));
      counted.budget = counted.own.get();
    }
  }
}

Budget::Rate RateLimits::rateOf(const RatePolicy& policy) {
  const auto per_minute = static_cast<double>(policy.perMinute());
  return {per_minute, per_minute / 60};
}

Budget& RateLimits::budgetOf(const std::string& name) {
  return *counted_.at(name).budget;  // the map itself never changes
}

void RateLimits::take(Rate rate, const http::Principal& principal, const std::string& peer) {
  int wait_s = 0;
  switch (rate) {
    case Rate::kAgent:
      wait_s = budgetOf("agent").take(principal.agent_id.empty() ? principal.public_key : principal.agent_id);
      if (wait_s > 0) tooOften("rate.agent", wait_s);
      return;
    case Rate::kEnrolment:
      wait_s = budgetOf("enrolment_failed").wait(networkOf(peer));
      if (wait_s > 0) tooOften("rate.enrolment_failed", wait_s);
      wait_s = budgetOf("enrolment").take(networkOf(peer));
      if (wait_s > 0) tooOften("rate.enrolment", wait_s);
      return;
    case Rate::kPeople:
      if (principal.kind != http::Principal::Kind::kUser) return;
      wait_s = budgetOf("people").take(sessionOf(principal));
      if (wait_s > 0) tooOften("rate.people", wait_s);
      return;
    default:
      return;
  }
}

void RateLimits::failed(Rate rate, const http::Principal&, const std::string& peer) {
  if (rate == Rate::kEnrolment) budgetOf("enrolment_failed").take(networkOf(peer));
}

std::vector<RatePolicy> RateLimits::policies() const {
  const std::lock_guard lock(mutex_);
  std::vector<RatePolicy> out;
  for (const auto& policy : known())
    out.push_back(counted_.at(policy.name).policy);
  return out;
}

void RateLimits::use(const std::map<std::string, std::int64_t>& set) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, counted] : counted_) {
    const auto found = set.find(name);
    const auto before = counted.policy.perMinute();
    counted.policy.set = found == set.end() ? std::nullopt : std::optional(found->second);
    if (counted.policy.perMinute() != before) counted.budget->setRate(rateOf(counted.policy));
  }
}

}  // namespace redflag::auth
