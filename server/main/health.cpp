#include "main/health.h"

namespace redflag::server {

std::vector<http::Route> healthRoutes(const auth::UserStore& users) {
  const auto alive = [](const http::Request&) { return http::jsonResponse(200, {{"status", "ok"}}); };
  const auto ready = [&users](const http::Request&) {
    users.anyUser();
    return http::jsonResponse(200, {{"status", "ok"}});
  };
  return {{"GET", "/healthz", http::Permission::kAnyone, 0, alive},
          {"GET", "/readyz", http::Permission::kAnyone, 0, ready}};
}

}  // namespace redflag::server
