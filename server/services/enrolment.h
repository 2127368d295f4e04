#pragma once
// How machines join: tokens with seats, made by people; keys that take a seat.

#include <string>
#include <utility>
#include <vector>

#include "services/context.h"

namespace redflag::services {

struct NewToken {
  store::EnrolmentToken token;
  std::string bundle;  // shown once; the token in it is stored only as a hash
};

class Enrolment {
 public:
  explicit Enrolment(const Context& context) : context_(context) {}

  // `site_id` "": the first site. http::Problem 404 for one that is unknown.
  NewToken makeToken(std::int64_t seats, std::int64_t expires_in_s, const std::string& site_id,
                     const std::string& actor);
  std::vector<store::EnrolmentToken> tokens() const;
  void revokeToken(const std::string& token_id, const std::string& actor);  // http::Problem 404

  // The agent, and whether it is new. http::Problem 401 with the reason; the refusal is recorded.
  std::pair<store::AgentKey, bool> enrol(const store::NewAgent& agent, const std::string& token,
                                         const std::string& peer);

 private:
  const Context& context_;
};

}  // namespace redflag::services
