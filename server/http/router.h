#pragma once
// The route table: compiled once, checked once, then only read. [any thread]

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"

namespace redflag::http {

class Router {
 public:
  // Throws std::invalid_argument, naming the route: two routes of the same method and shape, a path that is
  // not
  // "/a/{b}/c", a method that is not known, a route without a handler or stream, a route below /agent/ that
  // asks for no signature, or one elsewhere that does.
  explicit Router(std::vector<Route> routes);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string> parameters;
  };
  // HEAD finds the route of GET. nullopt when nothing has this path; throws Problem 405 when only the method
  // is wrong.
  std::optional<Match> find(const std::string& method, const std::vector<std::string>& segments) const;

  const std::vector<Route>& routes() const { return routes_; }

  // What the Allow header says for this path: "GET, HEAD, POST".
  std::string allowed(const std::vector<std::string>& segments) const;

 private:
  struct Shape {
    std::size_t route;                  // index into routes_
    std::vector<std::string> segments;  // "{name}" stands for any one segment that is not empty
  };

  static void declareRate(Route& route);
  void compile(std::size_t index);
  bool fits(const Shape& shape, const std::vector<std::string>& segments) const;

  std::vector<Route> routes_;
  std::vector<Shape> shapes_;  // literal segments before parameters
};

}  // namespace redflag::http
