#pragma once
// Routes written down line by line; their handlers are given the services.

#include <functional>
#include <utility>
#include <vector>

#include "api/input.h"
#include "http/message.h"
#include "services/services.h"

namespace redflag::api {

class RouteTable {
 public:
  using Handler = std::function<http::Response(services::Services&, const http::Request&)>;

  // `services` outlives the routes.
  RouteTable(services::Services& services, std::vector<http::Route>& routes)
      : services_(services), routes_(routes) {}

  // The route, for what few have besides (body_limit, needs_proof); valid until the next call. It has no
  // parameters: what says preview=1 to a route that has no preview must not be carried out.
  http::Route& add(const char* method, const char* path, http::Permission permission, Handler handler) {
    return addWithQuery(
        method, path, permission,
        [handler = std::move(handler)](services::Services& all, const http::Request& request) {
          const Query none(request, {});
          return handler(all, request);
        });
  }

  // Of one whose handler reads parameters, by a Query of its own.
  http::Route& addWithQuery(const char* method, const char* path, http::Permission permission,
                            Handler handler) {
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
