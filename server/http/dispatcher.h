#pragma once
// From a request's head to its answer: route, permission, length, body, handler. The one place where problems
// and exceptions become answers, are counted and logged. Stateless between requests. [any worker thread]

#include <functional>
#include <string>

#include "http/authenticator.h"
#include "http/guest.h"
#include "http/head.h"
#include "http/message.h"
#include "http/origin.h"
#include "http/problem.h"
#include "http/rate.h"
#include "http/refusal.h"
#include "http/router.h"
#include "metrics/registry.h"

namespace redflag::http {

class Dispatcher {
 public:
  // `fallback` answers GET and HEAD of what no route has and is neither below /api nor /agent: the browser
  // application.
  Dispatcher(std::vector<Route> routes, Authenticator& authenticator, Handler fallback,
             metrics::Registry& registry);

  // A request whose head was accepted.
  struct Admission {
    RequestHead head;
    const Route* route = nullptr;  // nullptr: the fallback
    Request request;               // complete but for the body
    std::uint64_t body_bytes = 0;  // as announced, within the route's limit
    std::int64_t began_ns = 0;     // monotonic
  };

  // Throws Problem, and leaves the head as it was then.
  Admission admit(RequestHead&& head, const std::string& peer, const std::string& request_id);
  // With the whole body as sent. Never throws.
  Response answer(Admission& admission, std::string body);
  // For a request that was refused before it became an Admission; `head` is what is known of it, perhaps
  // nothing.
  Response refuse(const Problem& problem, const std::string& request_id, const std::string& peer,
                  const RequestHead& head);
  // A connection that was cut without an answer.
  void cut(const std::string& code, const std::string& peer);
  // One that was given up for want of a worker: counted, and told to nobody, for it is no fault of the peer.
  void letGo(const std::string& code) { refusals_.add(code); }
  // How long a request stood in its lane until a worker took it.
  void waited(Lane lane, std::int64_t ns);

  // Is told of every refusal but those that were recorded with what came of them. Before the first request.
  void onRefusal(RefusalListener listener) { refused_ = std::move(listener); }

  // Counts what is admitted; nullptr: nobody does. Before the first request; it outlives this.
  void limitBy(RateLimiter* rates) { rates_ = rates; }

  const Router& router() const { return router_; }
  const RefusalCounts& refusals() const { return refusals_; }

 private:
  void checkLength(const RequestHead& head, std::size_t limit) const;
  void judgeAgain(Admission& admission) const;
  Response handle(Admission& admission, std::string body);
  Response problem(const Problem& refused, const std::string& request_id);
  void tell(const Problem& refused, const Origin& origin, const std::string& route,
            const Principal& principal) const;
  std::string routeOf(const RequestHead& head) const;

  Router router_;
  Authenticator& authenticator_;
  Handler fallback_;
  RefusalCounts refusals_;
  RefusalListener refused_;
  RateLimiter* rates_ = nullptr;
  metrics::Counter& requests_;
  metrics::Histogram& durations_;
  metrics::Histogram& waits_;
};

}  // namespace redflag::http
