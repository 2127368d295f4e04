#pragma once
// The policies of how often somebody may ask, by what a route declares. Counters are in memory; rates are
// defaults, or what server.yaml says, or what an admin has set (that is in the store).

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "auth/budget.h"
#include "http/rate.h"

namespace redflag::auth {

// A policy as people see it; per minute.
struct RatePolicy {
  std::string name;  // agent | enrolment | enrolment_failed | sign_in | people
  std::string text;  // whom it is about, and what is counted
  std::int64_t usual = 0;
  std::optional<std::int64_t> configured;  // by server.yaml
  std::optional<std::int64_t> set;         // by an admin
  std::int64_t perMinute() const { return set.value_or(configured.value_or(usual)); }
};

// Where what admins set is kept; every function may throw http::Problem. [any thread]
class RateStore {
 public:
  virtual ~RateStore() = default;
  virtual std::map<std::string, std::int64_t> rates() const = 0;
  virtual void setRate(const std::string& policy, std::optional<std::int64_t> per_minute,
                       const std::string& actor) = 0;
};

class RateLimits : public http::RateLimiter {
 public:
  static constexpr std::int64_t kLeast = 1;
  static constexpr std::int64_t kMost = 1'000'000;

  // `sign_in` is counted by the throttle (throttle.h), which forgives those that succeed. `configured` must
  // hold names of policies only. Both outlive it.
  RateLimits(const Clock& clock, Budget& sign_in, const std::map<std::string, std::int64_t>& configured);

  void take(http::Rate rate, const http::Principal& principal, const std::string& peer) override;
  void failed(http::Rate rate, const http::Principal& principal, const std::string& peer) override;

  std::vector<RatePolicy> policies() const;  // [any thread]
  // What admins set, all of it, from now on; names that are no policy's are ignored. [any thread]
  void use(const std::map<std::string, std::int64_t>& set);

  static const std::vector<RatePolicy>& known();

 private:
  struct Counted {
    RatePolicy policy;
    std::unique_ptr<Budget> own;
    Budget* budget = nullptr;
  };
  Budget& budgetOf(const std::string& name);
  static Budget::Rate rateOf(const RatePolicy& policy);

  mutable std::mutex mutex_;  // of the policies; a budget has its own
  std::map<std::string, Counted> counted_;
};

// GET /api/v1/rate-limits, PUT and DELETE /api/v1/rate-limits/{policy}. Both outlive the routes.
std::vector<http::Route> rateRoutes(RateLimits& limits, RateStore& store);

}  // namespace redflag::auth
