#pragma once
// How machines join: tokens with seats, made by people; keys that take a seat.

#include <string>
#include <utility>
#include <vector>

#include "services/context.h"
#include "services/orders.h"

namespace redflag::services {

struct NewToken {
  store::EnrolmentToken token;
  std::string bundle;  // shown once; the token in it is stored only as a hash
};

class Enrolment {
 public:
  explicit Enrolment(const Context& context) : context_(context) {}

  // `site_id` "": the first of the sites the actor administers. http::Problem 404 for one the actor does not
  // see, 403 for one the actor does not administer. `accept`: auto or manual; "": manual for more than one
  // seat.
  NewToken makeToken(std::int64_t seats, std::int64_t expires_in_s, const std::string& site_id,
                     const Actor& actor, const std::string& accept = "");
  // For one machine that lost its binding, or whose key must end: a bundle by which it gets a new key and
  // stays the agent that it is. From then on the old key opens nothing. `reason`: recorded. http::Problem
  // 404, 403, 409.
  NewToken rebind(const std::string& agent_id, const std::string& reason, std::int64_t expires_in_s,
                  const Actor& actor);
  // Of the sites the actor administers.
  std::vector<store::EnrolmentToken> tokens(const Actor& actor) const;
  void revokeToken(const std::string& token_id, const Actor& actor);  // http::Problem 404, 403

  // The agent, and whether it is new. http::Problem 401 with the reason; the refusal is recorded.
  std::pair<store::AgentKey, bool> enrol(const store::NewAgent& agent, const std::string& token,
                                         const std::string& peer);

 private:
  void begin(store::WriteTransaction& tx, store::Enrolled& enrolled, const std::string& peer) const;
  std::string bundleWith(const std::string& secret, const std::string& rebinds) const;

  const Context& context_;
};

}  // namespace redflag::services
