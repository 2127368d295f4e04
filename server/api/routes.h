#pragma once
// Every route of the API but those the front and sign-in own (server/README.md). openapi.json says the same
// in another form; a test compares the two.

#include <vector>

#include "auth/passwords.h"
#include "http/message.h"
#include "services/services.h"
#include "trust/repository.h"

namespace redflag::api {

// `services` outlives the routes.
std::vector<http::Route> apiRoutes(services::Services& services);    // people: /api/v1/…
std::vector<http::Route> agentRoutes(services::Services& services);  // agents: /agent/v1/…
// Users and service accounts: /api/v1/users, /api/v1/service-accounts, /api/v1/api-tokens. Both outlive the
// routes.
std::vector<http::Route> accountRoutes(services::Services& services, auth::Passwords& passwords);

// The trust repository's files, for everybody: /trust/…
std::vector<http::Route> trustRoutes(const trust::Repository& repository);

// The rooms' parts of the former.
void addOverviewRoutes(services::Services& services, std::vector<http::Route>& routes);
void addAgentRoutes(services::Services& services, std::vector<http::Route>& routes);
void addUpdateRoutes(services::Services& services, std::vector<http::Route>& routes);
void addIgnoreRoutes(services::Services& services, std::vector<http::Route>& routes);
void addPolicyRoutes(services::Services& services, std::vector<http::Route>& routes);
void addCommandRoutes(services::Services& services, std::vector<http::Route>& routes);
void addIdentityRoutes(services::Services& services, std::vector<http::Route>& routes);
void addAuditRoutes(services::Services& services, std::vector<http::Route>& routes);
void addSecondPersonRoutes(services::Services& services, std::vector<http::Route>& routes);
void addErrorRoutes(services::Services& services, std::vector<http::Route>& routes);
void addSecurityRoutes(services::Services& services, std::vector<http::Route>& routes);
void addEnrolmentRoutes(services::Services& services, std::vector<http::Route>& routes);
void addScheduleRoutes(services::Services& services, std::vector<http::Route>& routes);
void addProfileRoutes(services::Services& services, std::vector<http::Route>& routes);
void addPlaceRoutes(services::Services& services, std::vector<http::Route>& routes);
void addGroupRoutes(services::Services& services, std::vector<http::Route>& routes);
void addWindowRoutes(services::Services& services, std::vector<http::Route>& routes);

}  // namespace redflag::api
