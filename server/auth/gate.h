#pragma once
// The one place that decides who is asking: signatures for agents, sessions for people, tokens for service
// accounts, and for people whether a change was asked for by our own pages.

#include <set>
#include <string>

#include "auth/api_tokens.h"
#include "auth/notice.h"
#include "auth/sessions.h"
#include "auth/signed_requests.h"
#include "http/authenticator.h"

namespace redflag::auth {

class Gate : public http::Authenticator {
 public:
  // All outlive it. `metrics_token`: what a monitoring system shows as its bearer token; "" for none.
  // `second_factor_of`: roles that may do nothing but set up a second factor while they have none. `alarms`:
  // told of requests that another site is behind; nullptr for none.
  Gate(AgentDirectory& agents, SignedRequests& signatures, Sessions& sessions, ApiTokens& tokens,
       std::string metrics_token = {}, std::set<std::string> second_factor_of = {}, Alarms* alarms = nullptr);

  http::Principal admit(const http::RequestHead& head, http::Permission permission,
                        const std::string& peer) override;
  void checkBody(const http::Principal& principal, const http::RequestHead& head,
                 std::string_view body) override;
  void admitAgain(http::Principal& principal, http::Permission permission) override;
  bool stillAdmitted(const http::Principal& principal) override;

 private:
  http::Principal admitted(const SessionUser& user, http::Permission permission) const;
  static http::Principal admitted(const std::optional<TokenAccount>& found, http::Permission permission);
  http::Principal person(const http::RequestHead& head, http::Permission permission, const std::string& peer);
  http::Principal service(const http::RequestHead& head, http::Permission permission);
  void requireOwnPage(const http::RequestHead& head, const std::string& username, const std::string& peer);
  bool lacksFactor(const SessionUser& user) const;
  http::Principal monitor(const http::RequestHead& head);

  AgentDirectory& agents_;
  SignedRequests& signatures_;
  Sessions& sessions_;
  ApiTokens& tokens_;
  const std::string metrics_token_;
  const std::set<std::string> second_factor_of_;
  Alarms* const alarms_;
};

}  // namespace redflag::auth
