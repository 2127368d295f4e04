#pragma once
// Routes written down line by line; their handlers are given the services.

#include <functional>
#include <utility>
#include <vector>

#include "http/message.h"
#include "services/services.h"

namespace redflag::api {

class RouteTable {
 public:
  using Handler = std::function<http::Response(services::Services&, const http::Request&)>;

  // `services` outlives the routes.
  RouteTable(services::Services& services, std::vector<http::Route>& routes)
      : services_(services), routes_(routes) {}

  // The route, for what few have besides (body_limit, needs_proof); valid until the next call.
  http::Route& add(const char* method, const char* path, http::Permission permission, Handler handler) {
    routes_.push_back({.method = method,
                       .path = path,
                       .permission = permission,
                       .handler = [&services = services_, handler = std::move(handler)](
                                      const http::Request& request) { return handler(services, request); }});
    return routes_.back();
  }

 private:
  services::Services& services_;
  std::vector<http::Route>& routes_;
};

}  // namespace redflag::api
