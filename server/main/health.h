#pragma once
// What a supervisor or a balancer asks.

#include <vector>

#include "auth/interfaces.h"
#include "http/message.h"

namespace redflag::server {

// /healthz: the process answers. /readyz: the store does too. `users` is what of it is asked.
std::vector<http::Route> healthRoutes(const auth::UserStore& users);

}  // namespace redflag::server
