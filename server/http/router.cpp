#include "http/router.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include "http/target.h"

namespace redflag::http {
namespace {

bool isParameter(const std::string& segment) {
  return segment.starts_with('{');
}

bool isSigned(Permission permission) {
  return permission == Permission::kAgent || permission == Permission::kEnrolling ||
         permission == Permission::kRenewing;
}

[[noreturn]] void refuse(const Route& route, const std::string& why) {
  throw std::invalid_argument("route " + route.method + " " + route.path + ": " + why);
}

std::vector<std::string> segmentsOf(const Route& route) {
  std::vector<std::string> segments;
  try {
    segments = parseTarget(route.path).segments;
  } catch (const Problem& problem) {
    refuse(route, problem.detail);
  }
  for (const std::string& segment : segments) {
    if (segment.empty()) refuse(route, "an empty segment");
    const bool braces = segment.find_first_of("{}") != std::string::npos;
    if (braces &&
        !(segment.size() > 2 && segment.front() == '{' && segment.find('}') == segment.size() - 1)) {
      refuse(route, "a parameter is a whole segment in braces");
    }
  }
  return segments;
}

// "/agents/{id}" and "/agents/{agent}" are one shape.
std::string shapeText(const std::string& method, const std::vector<std::string>& segments) {
  std::string out = method;
  for (const std::string& segment : segments)
    out += isParameter(segment) ? "/{}" : "/" + segment;
  return out;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    compile(i);
    if (!seen.insert(shapeText(routes_[i].method, shapes_.back().segments)).second)
      refuse(routes_[i], "twice");
  }
  std::stable_sort(shapes_.begin(), shapes_.end(), [](const Shape& a, const Shape& b) {
    return std::lexicographical_compare(
        a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end(),
        [](const std::string& x, const std::string& y) { return isParameter(x) < isParameter(y); });
  });
}

void Router::declareRate(Route& route) {
  if (route.rate != Rate::kByPermission) return;
  switch (route.permission) {
    case Permission::kAnyone:
    case Permission::kMetrics:
      route.rate = Rate::kNone;
      return;
    case Permission::kAgent:
    case Permission::kRenewing:
      route.rate = Rate::kAgent;
      return;
    case Permission::kEnrolling:
      route.rate = Rate::kEnrolment;
      return;
    default:
      route.rate = Rate::kPeople;
  }
}

void Router::compile(std::size_t index) {
  declareRate(routes_[index]);
  static const std::set<std::string> methods = {"GET", "POST", "PUT", "PATCH", "DELETE"};
  const Route& route = routes_[index];
  if (!methods.contains(route.method)) refuse(route, "unknown method");
  if (!route.handler && route.stream == Stream::kNone) refuse(route, "no handler");
  if (route.path.starts_with("/agent/") != isSigned(route.permission)) {
    refuse(route, "signed requests belong below /agent/, and nothing else does");
  }
  shapes_.push_back({index, segmentsOf(route)});
}

bool Router::fits(const Shape& shape, const std::vector<std::string>& segments) const {
  if (shape.segments.size() != segments.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool ok = isParameter(shape.segments[i]) ? !segments[i].empty() : shape.segments[i] == segments[i];
    if (!ok) return false;
  }
  return true;
}

std::optional<Router::Match> Router::find(const std::string& method,
                                          const std::vector<std::string>& segments) const {
  const std::string wanted = method == "HEAD" ? "GET" : method;
  bool path_exists = false;
  for (const Shape& shape : shapes_) {
    if (!fits(shape, segments)) continue;
    path_exists = true;
    if (routes_[shape.route].method != wanted) continue;
    Match match{&routes_[shape.route], {}};
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const std::string& name = shape.segments[i];
      if (isParameter(name)) match.parameters[name.substr(1, name.size() - 2)] = segments[i];
    }
    return match;
  }
  if (path_exists) throw Problem{405, "request.method", "this address does not take " + method.substr(0, 16)};
  return std::nullopt;
}

std::string Router::allowed(const std::vector<std::string>& segments) const {
  std::set<std::string> methods;
  for (const Shape& shape : shapes_) {
    if (fits(shape, segments)) methods.insert(routes_[shape.route].method);
  }
  if (methods.contains("GET")) methods.insert("HEAD");
  std::string out;
  for (const std::string& method : methods)
    out += (out.empty() ? "" : ", ") + method;
  return out;
}

}  // namespace redflag::http
