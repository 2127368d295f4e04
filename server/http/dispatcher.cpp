#include "http/dispatcher.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/encoding.h"
#include "base/log.h"
#include "base/time.h"
#include "protocol/compress.h"

namespace redflag::http {
namespace {

constexpr std::size_t kMostSeries = 2'000;  // of requests: some statuses of each route
constexpr std::int64_t kPromptNs = 250'000'000;
constexpr std::size_t kExpansion = 8;  // a compressed body may grow by this factor over the route's limit

bool changesState(const std::string& method) {
  return method != "GET" && method != "HEAD";
}

// Whether an address can be the browser application's. No other spelling of an interface's address is.
bool isScreen(const std::vector<std::string>& segments) {
  if (segments.size() == 1 && segments.front().empty()) return true;
  std::string room = segments.front();
  std::transform(room.begin(), room.end(), room.begin(), [](unsigned char c) { return std::tolower(c); });
  return room != "api" && room != "agent" &&
         std::find(segments.begin(), segments.end(), "") == segments.end();
}

std::string withoutQuery(const std::string& target) {
  return target.substr(0, target.find('?'));
}

std::string expandBody(const RequestHead& head, std::string body, std::size_t limit) {
  const std::string encoding = head.header("content-encoding");
  if (encoding.empty() || encoding == "identity") return body;
  auto expanded = protocol::expand(body, limit * kExpansion);
  if (expanded) return std::move(*expanded);
  if (expanded.error().code == Code::kLimit)
    throw Problem{413, "request.body_too_large", expanded.error().text};
  throw Problem{400, "request.encoding", expanded.error().text, "content-encoding"};
}

void checkTypes(const RequestHead& head, const Route* route) {
  const std::string encoding = head.header("content-encoding");
  if (!encoding.empty() && encoding != "identity" && encoding != "zstd") {
    throw Problem{415, "request.encoding", "bodies come as they are, or as zstd", "content-encoding"};
  }
  // A form of another site can send text and forms without asking, but not this type.
  const bool from_browser = route != nullptr && route->path.starts_with("/api/");
  if (from_browser && head.content_length.value_or(0) > 0 &&
      !head.header("content-type").starts_with("application/json")) {
    throw Problem{415, "request.content_type", "application/json is expected", "content-type"};
  }
}

std::string who(const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::kAgent:
      return principal.agent_id;
    case Principal::Kind::kUser:
      return principal.username;
    case Principal::Kind::kEnrolling:
      return "enrolling";
    default:
      return "-";
  }
}

// A route as the table has it: what a request says of itself is not bounded.
std::string routeName(const Route* route) {
  return route == nullptr ? "application" : route->method + ' ' + route->path;
}

void requireProof(const Route& route, const Principal& principal) {
  if (!route.needs_proof || principal.proven) return;
  if (route.token_is_proof && !principal.token_id.empty()) return;
  throw stepUpRequired();
}

// `code`: of the problem that it was answered with, or "".
void logAnswer(const Dispatcher::Admission& admission, int status, const std::string& code) {
  const Request& request = admission.request;
  const bool ordinary =
      status < 400 && (!changesState(request.method) || request.path.starts_with("/agent/"));
  spdlog::log(ordinary ? spdlog::level::debug : spdlog::level::info,
              "method={} path={} status={}{}{} ms={} who={} peer={}", request.method,
              withoutQuery(admission.head.target), status, code.empty() ? "" : " code=", code,
              (monotonicNow() - admission.began_ns) / 1'000'000, who(request.principal), request.peer);
}

}  // namespace

Dispatcher::Dispatcher(std::vector<Route> routes, Authenticator& authenticator, Handler fallback,
                       metrics::Registry& registry)
    : router_(std::move(routes)),
      authenticator_(authenticator),
      fallback_(std::move(fallback)),
      requests_(registry.counter(
          {"redflag_http_requests", "", "Requests answered, by route and status", {"route", "status"}},
          kMostSeries)),
      durations_(registry.histogram({"redflag_http_request_duration_seconds",
                                     "seconds",
                                     "Time from a request that is all there to its answer",
                                     {"route"}})),
      waits_(registry.histogram(
          {"redflag_http_wait_seconds", "seconds", "Time a request waited for a worker", {"lane"}})) {
  // A rate needs the point before the first one, and a route that fails may do so once a day.
  std::vector<std::string> names = {routeName(nullptr), "refused"};
  for (const Route& route : router_.routes())
    names.push_back(routeName(&route));
  for (const std::string& name : names)
    for (const char* status : {"500", "503"})
      requests_.add({name, status}, 0);
}

void Dispatcher::checkLength(const RequestHead& head, std::size_t limit) const {
  const std::uint64_t length = head.content_length.value_or(0);
  if (changesState(head.method) && head.method != "DELETE" && !head.content_length) {
    throw Problem{411, "request.length_required", "send a Content-Length"};
  }
  if (!changesState(head.method) && length > 0) {
    throw Problem{400, "request.body_unexpected", head.method + " takes no body"};
  }
  if (length > limit) {
    throw Problem{413, "request.body_too_large",
                  "at most " + std::to_string(limit) + " bytes are taken here"};
  }
}

Dispatcher::Admission Dispatcher::admit(RequestHead&& head, const std::string& peer,
                                        const std::string& request_id) {
  Admission out;
  out.began_ns = monotonicNow();
  auto match = router_.find(head.method, head.segments);
  const bool application = !match && !changesState(head.method) && isScreen(head.segments);
  if (!match && !application)
    throw Problem{404, "request.no_such_address", "there is nothing at this address"};
  out.route = match ? match->route : nullptr;
  const metrics::Operation operation(routeName(out.route));
  Origin origin{peer, request_id, "", {}};
  const OriginScope scope(&origin);
  out.request.principal =
      authenticator_.admit(head, match ? match->route->permission : Permission::kAnyone, peer);
  if (match && rates_ != nullptr) rates_->take(match->route->rate, out.request.principal, peer);
  if (match) requireProof(*match->route, out.request.principal);
  checkLength(head, match ? match->route->body_limit : 0);
  checkTypes(head, out.route);
  out.body_bytes = head.content_length.value_or(0);
  out.request.method = head.method;
  out.request.path = head.path();
  if (match) out.request.parameters = std::move(match->parameters);
  out.request.query = head.query;
  out.request.headers = head.headers;
  out.request.request_id = request_id;
  out.request.peer = peer;
  out.head = std::move(head);
  return out;
}

// People are asked about again whenever there was a body to wait for, agents only when it took its time: what
// they upload comes all day, and fast.
void Dispatcher::judgeAgain(Admission& admission) const {
  Principal& principal = admission.request.principal;
  if (admission.route == nullptr || admission.body_bytes == 0) return;
  const bool person = principal.kind == Principal::Kind::kUser;
  if (!person && monotonicNow() - admission.began_ns < kPromptNs) return;
  authenticator_.admitAgain(principal, admission.route->permission);
  requireProof(*admission.route, principal);
}

Response Dispatcher::handle(Admission& admission, std::string body) {
  authenticator_.checkBody(admission.request.principal, admission.head, body);
  judgeAgain(admission);
  if (admission.route == nullptr) return fallback_(admission.request);
  admission.request.body = expandBody(admission.head, std::move(body), admission.route->body_limit);
  return admission.route->handler ? admission.route->handler(admission.request) : Response{};
}

Response Dispatcher::answer(Admission& admission, std::string body) {
  const std::string& request_id = admission.request.request_id;
  const std::string route = routeName(admission.route);
  const metrics::Operation operation(route);
  const std::int64_t began_ns = monotonicNow();
  Origin origin{admission.request.peer, request_id, "", {}};
  const OriginScope scope(&origin);
  Response response;
  std::string code;
  try {
    response = handle(admission, std::move(body));
  } catch (const Problem& refused) {
    response = problem(refused, request_id);
    code = refused.code;
    tell(refused, origin, route, admission.request.principal);
    const bool denied = refused.status == 401 || refused.status == 403;
    if (denied && admission.route != nullptr && rates_ != nullptr)
      rates_->failed(admission.route->rate, admission.request.principal, admission.request.peer);
  } catch (const std::exception& error) {
    spdlog::error("error=\"{}\"", error.what());
    code = "internal";
    response =
        problem({500, code, "something went wrong here; the log knows it by the request's id"}, request_id);
  }
  durations_.observe({route}, static_cast<double>(monotonicNow() - began_ns) / kSecondNs);
  requests_.add({route, std::to_string(response.status)});
  logAnswer(admission, response.status, code);
  return response;
}

Response Dispatcher::refuse(const Problem& refused, const std::string& request_id, const std::string& peer,
                            const RequestHead& head) {
  Origin origin{peer, request_id, "", {}};
  const OriginScope scope(&origin);
  // A server that has too much to do need not write a line about each, too.
  spdlog::log(refused.code == "server.busy" ? spdlog::level::debug : spdlog::level::info,
              "refused={} status={} method={} path={} peer={}", refused.code, refused.status, head.method,
              withoutQuery(head.target), peer);
  Response response = problem(refused, request_id);
  requests_.add({"refused", std::to_string(refused.status)});
  tell(refused, origin, routeOf(head), {});
  if (refused.status == 405) response.headers.emplace_back("Allow", router_.allowed(head.segments));
  if (refused.status == 415) response.headers.emplace_back("Accept-Encoding", "zstd");
  return response;
}

void Dispatcher::cut(const std::string& code, const std::string& peer) {
  refusals_.add(code);
  tell({0, code, ""}, {peer, "", "", {}}, "-", {});
}

void Dispatcher::waited(Lane lane, std::int64_t ns) {
  static constexpr std::array<const char*, kLanes> kNames = {"people", "strangers", "agents"};
  waits_.observe({kNames.at(static_cast<std::size_t>(lane))}, static_cast<double>(ns) / kSecondNs);
}

std::string Dispatcher::routeOf(const RequestHead& head) const {
  try {
    const auto match = router_.find(head.method, head.segments);
    return match ? routeName(match->route) : "-";
  } catch (const Problem&) {  // the method is none of this address
    return "-";
  }
}

void Dispatcher::tell(const Problem& refused, const Origin& origin, const std::string& route,
                      const Principal& principal) const {
  if (!refused_ || refused.status >= 500 || origin.hasRecorded(refused.code)) return;
  refused_({refused.status, refused.code, route, origin.peer, origin.request_id, origin.subject, principal});
}

Response Dispatcher::problem(const Problem& refused, const std::string& request_id) {
  refusals_.add(refused.code);
  return problemResponse(refused, request_id);
}

}  // namespace redflag::http
