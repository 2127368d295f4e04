#pragma once
// The HTTPS front: a listening socket, a lot of parked connections, a few workers, one route table.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "http/connection.h"
#include "http/listener.h"
#include "http/lot.h"
#include "http/stream_hub.h"

namespace redflag::http {

struct FrontOptions {
  std::string listen = "127.0.0.1:0";
  std::size_t workers = 8;
  // Past it the connection that has waited longest for a next request ends, and where none does, the visitor
  // is turned away. Fewer where RLIMIT_NOFILE leaves less beside what else the process opens.
  std::size_t max_connections = 20'000;
  ConnectionLimits limits;
  TrustedProxies proxies;
  std::function<std::int64_t()> date_s = {};  // of answers; none: the machine's clock [any thread]
};

class Front {
 public:
  // Binds the address. `routes` need not hold the two streams: streamRoutes() are added. The hub is told how
  // to call its streams; it, the authenticator, the registry and `context` outlive the front. Ignores SIGPIPE
  // for the process. Throws std::invalid_argument for a bad route table and std::runtime_error for an address
  // that cannot be had.
  Front(const FrontOptions& options, ssl_ctx_st* context, std::vector<Route> routes,
        Authenticator& authenticator, StreamHub& hub, Handler fallback, metrics::Registry& registry);
  ~Front();
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // Begins to serve. Once.
  void start();
  void limitBy(RateLimiter* rates) { dispatcher_.limitBy(rates); }                          // before
  void onRefusal(RefusalListener listener) { dispatcher_.onRefusal(std::move(listener)); }  // before

  std::uint16_t port() const { return listener_.port(); }
  std::size_t connections() const { return lot_.size(); }
  std::size_t mostConnections() const { return max_connections_; }
  LotLoad load() const { return lot_.load(); }
  const Dispatcher& dispatcher() const { return dispatcher_; }

  // Refuses new connections, finishes requests, tells streams when to come back. Returns within about
  // `limit`, unless a handler does not return. Once.
  void stop(std::chrono::milliseconds limit);

 private:
  void accepted(int fd, const std::string& peer);

  const std::size_t max_connections_;
  const std::size_t max_with_leaving_;
  ssl_ctx_st* const context_;
  StreamHub& hub_;
  Dispatcher dispatcher_;
  Shared shared_;
  ConnectionLot lot_;
  Listener listener_;
};

// GET /api/v1/events and GET /agent/v1/doorbell.
std::vector<Route> streamRoutes();

}  // namespace redflag::http
