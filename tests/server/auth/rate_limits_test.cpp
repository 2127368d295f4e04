// How often whoever asks may ask.
#include "auth/rate_limits.h"

#include <gtest/gtest.h>

#include "auth/throttle.h"
#include "http/router.h"

namespace redflag::auth {
namespace {

using http::Permission;
using http::Principal;
using http::Problem;
using http::Rate;

class Hand : public Clock {
 public:
  std::int64_t epochNs() const override { return now; }
  std::int64_t monotonicNs() const override { return now; }
  std::int64_t now = 1'700'000'000 * kSecondNs;
};

Principal agent(const std::string& id) {
  Principal out;
  out.kind = Principal::Kind::kAgent;
  out.agent_id = id;
  return out;
}

Principal person(const std::string& session) {
  Principal out;
  out.kind = Principal::Kind::kUser;
  out.session_id = session;
  out.username = "ada";
  return out;
}

class MemoryRates : public RateStore {
 public:
  std::map<std::string, std::int64_t> rates() const override { return kept; }
  void setRate(const std::string& policy, std::optional<std::int64_t> per_minute,
               const std::string& actor) override {
    if (per_minute) {
      kept[policy] = *per_minute;
    } else {
      kept.erase(policy);
    }
    by = actor;
  }
  std::map<std::string, std::int64_t> kept;
  std::string by;
};

class Rates : public ::testing::Test {
 protected:
  // How many of `count` are taken; the wait of the first that is not is noted.
  int taken(RateLimits& limits, int count, Rate rate, const Principal& principal,
            const std::string& peer = "192.0.2.1") {
    wait_s_ = 0;
    for (int i = 0; i < count; ++i) {
      try {
        limits.take(rate, principal, peer);
      } catch (const Problem& problem) {
        EXPECT_EQ(problem.status, 429);
        code_ = problem.code;
        wait_s_ = problem.retry_after_s;
        return i;
      }
    }
    return count;
  }

  Hand clock_;
  SignInThrottle throttle_{clock_};
  int wait_s_ = 0;
  std::string code_;
};

TEST_F(Rates, one_agent_has_sixty_a_minute_and_takes_nothing_from_others) {
  RateLimits limits(clock_, throttle_.pairs(), {});
  EXPECT_EQ(taken(limits, 1000, Rate::kAgent, agent("a")), 60);
  EXPECT_EQ(code_, "rate.agent");
  EXPECT_EQ(wait_s_, 1);
  EXPECT_EQ(taken(limits, 1000, Rate::kAgent, agent("b")), 60);
  clock_.now += 10 * kSecondNs;
  EXPECT_EQ(taken(limits, 1000, Rate::kAgent, agent("a")), 10);
  clock_.now += 3600 * kSecondNs;
  EXPECT_EQ(taken(limits, 1000, Rate::kAgent, agent("a")), 60) << "what was not used is not saved up";
}

TEST_F(Rates, one_session_has_six_hundred_a_minute_from_wherever) {
  RateLimits limits(clock_, throttle_.pairs(), {});
  EXPECT_EQ(taken(limits, 300, Rate::kPeople, person("s"), "192.0.2.1"), 300);
  EXPECT_EQ(taken(limits, 1000, Rate::kPeople, person("s"), "192.0.2.2"), 300);
  EXPECT_EQ(taken(limits, 100, Rate::kPeople, person("t"), "192.0.2.1"), 100);
}

TEST_F(Rates, an_address_may_fail_to_enrol_five_times_a_minute_and_succeed_much_more_often) {
  RateLimits limits(clock_, throttle_.pairs(), {});
  EXPECT_EQ(taken(limits, 1000, Rate::kEnrolment, {}, "192.0.2.1"), 120);
  EXPECT_EQ(code_, "rate.enrolment");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(taken(limits, 1, Rate::kEnrolment, {}, "2001:db8::1"), 1) << i;
    limits.failed(Rate::kEnrolment, {}, "2001:db8::1");
  }
  EXPECT_EQ(taken(limits, 1, Rate::kEnrolment, {}, "2001:db8::1"), 0);
  EXPECT_EQ(code_, "rate.enrolment_failed");
  EXPECT_EQ(wait_s_, 12);
  EXPECT_EQ(taken(limits, 1, Rate::kEnrolment, {}, "2001:db8::ffff"), 0) << "the same customer";
  EXPECT_EQ(taken(limits, 1, Rate::kEnrolment, {}, "2001:db8:1::1"), 1);
  clock_.now += 12 * kSecondNs;
  EXPECT_EQ(taken(limits, 1, Rate::kEnrolment, {}, "2001:db8::1"), 1);
}

TEST_F(Rates, what_server_yaml_says_counts_and_what_an_admin_set_counts_more) {
  RateLimits limits(clock_, throttle_.pairs(), {{"agent", 7}});
  EXPECT_EQ(taken(limits, 100, Rate::kAgent, agent("a")), 7);
  limits.use({{"agent", 3}});
  EXPECT_EQ(taken(limits, 100, Rate::kAgent, agent("b")), 3);
  limits.use({});
  EXPECT_EQ(taken(limits, 100, Rate::kAgent, agent("c")), 7);
  EXPECT_EQ(limits.policies().front().configured, 7);
}

TEST_F(Rates, sign_ins_are_counted_by_the_same_policy) {
  RateLimits limits(clock_, throttle_.pairs(), {{"sign_in", 2}});
  EXPECT_NO_THROW(throttle_.attempt("ada", "192.0.2.1", ""));
  EXPECT_NO_THROW(throttle_.attempt("ada", "192.0.2.1", ""));
  EXPECT_THROW(throttle_.attempt("ada", "192.0.2.1", ""), Problem);
  EXPECT_NO_THROW(throttle_.attempt("ada", "192.0.2.2", ""));
}

TEST_F(Rates, an_admin_changes_one_at_once_and_takes_it_back) {
  RateLimits limits(clock_, throttle_.pairs(), {});
  MemoryRates store;
  const auto routes = rateRoutes(limits, store);
  const auto call = [&](const std::string& method, const std::string& policy, const std::string& body) {
    http::Request request;
    request.method = method;
    request.parameters["policy"] = policy;
    request.body = body;
    request.principal = person("s");
    for (const auto& route : routes)
      if (route.method == method && (policy.empty() || route.path.ends_with("}")))
        return parseJson(route.handler(request).body).value();
    throw std::runtime_error("no route");
  };
  EXPECT_EQ(call("PUT", "agent", R"({"per_minute":2})")["per_minute"], 2);
  EXPECT_EQ(taken(limits, 100, Rate::kAgent, agent("a")), 2);
  EXPECT_EQ(store.by, "ada");
  EXPECT_EQ(call("GET", "", "")["items"][0]["set"], 2);
  EXPECT_EQ(call("DELETE", "agent", "")["per_minute"], 60);
  for (const char* bad : {"", "{}", R"({"per_minute":0})", R"({"per_minute":"many"})",
                          R"({"per_minute":1000001})", R"({"per_minute":2,"more":1})"}) {
    try {
      call("PUT", "agent", bad);
      ADD_FAILURE() << bad;
    } catch (const Problem& problem) {
      EXPECT_EQ(problem.status, 400) << bad;
    }
  }
  EXPECT_THROW(call("PUT", "everything", R"({"per_minute":2})"), Problem);
  EXPECT_TRUE(store.kept.empty());
}

TEST(RouteTable, declares_what_each_route_costs) {
  const auto handler = [](const http::Request&) { return http::Response{}; };
  const http::Router router({{"GET", "/api/a", Permission::kViewer, 0, handler},
                             {"POST", "/agent/b", Permission::kAgent, 0, handler},
                             {"POST", "/agent/c", Permission::kEnrolling, 0, handler},
                             {"GET", "/api/d", Permission::kAnyone, 0, handler}});
  const Rate expected[] = {Rate::kPeople, Rate::kAgent, Rate::kEnrolment, Rate::kNone};
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(router.routes()[i].rate, expected[i]) << router.routes()[i].path;
}

}  // namespace
}  // namespace redflag::auth
