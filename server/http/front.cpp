#include "http/front.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <iterator>
#include <new>

namespace redflag::http {
namespace {

std::vector<Route> withStreams(std::vector<Route> routes) {
  auto streams = streamRoutes();
  std::move(streams.begin(), streams.end(), std::back_inserter(routes));
  return routes;
}

rlim_t descriptors() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

// Without this a full house would take the descriptors that the store and the hosts of command types need. Of
// many more are kept: a connection that has to make room holds its own until a worker has let it go.
std::size_t withinDescriptors(std::size_t wanted) {
  constexpr rlim_t kLeastOthers = 256;
  const rlim_t limit = descriptors();
  if (limit == RLIM_INFINITY) return wanted;
  const rlim_t others = std::max(kLeastOthers, limit / 16);
  return std::min<std::size_t>(wanted, std::max(limit, 2 * others) - others);
}

// With those that still have to make room: while workers are held up they let nobody go.
std::size_t withWhoLeaves(std::size_t most) {
  constexpr rlim_t kOthers = 128;
  constexpr std::size_t kLeastLeaving = 64;
  const rlim_t limit = descriptors();
  if (limit == RLIM_INFINITY) return SIZE_MAX;
  return std::max<std::size_t>(most + kLeastLeaving, limit - std::min(limit, kOthers));
}

}  // namespace

std::vector<Route> streamRoutes() {
  Route events{"GET", "/api/v1/events", Permission::kViewer, 0, nullptr, Stream::kEvents};
  Route doorbell{"GET", "/agent/v1/doorbell", Permission::kAgent, 0, nullptr, Stream::kDoorbell};
  return {events, doorbell};
}

Front::Front(const FrontOptions& options, ssl_ctx_st* context, std::vector<Route> routes,
             Authenticator& authenticator, StreamHub& hub, Handler fallback, metrics::Registry& registry)
    : max_connections_(withinDescriptors(options.max_connections)),
      max_with_leaving_(withWhoLeaves(max_connections_)),
      context_(context),
      hub_(hub),
      dispatcher_(withStreams(std::move(routes)), authenticator, std::move(fallback), registry),
      shared_{dispatcher_, hub, options.limits, options.proxies, options.date_s},
      lot_(options.workers),
      listener_(
          options.listen, [this](int fd, const std::string& peer) { accepted(fd, peer); },
          [this](const std::string& peer) { dispatcher_.cut("connection.no_descriptors", peer); }) {
  std::signal(SIGPIPE, SIG_IGN);
  hub.setCall([this](std::uint64_t id) { lot_.call(id); });
}

void Front::start() {
  lot_.listen(listener_);
}

Front::~Front() {
  hub_.setCall({});
  stop(std::chrono::milliseconds(0));
}

void Front::accepted(int fd, const std::string& peer) {
  const std::size_t size = lot_.size();
  if (size >= max_connections_ && (size >= max_with_leaving_ || !lot_.makeRoom())) {
    dispatcher_.cut("connection.too_many", peer);
    ::close(fd);
    return;
  }
  try {
    const std::uint64_t id = lot_.newId();
    auto stream = std::make_unique<TlsStream>(fd, context_);
    auto connection = std::make_unique<Connection>(id, std::move(stream), peer, shared_);
    const Wait wait = connection->firstWait();
    lot_.admit(id, std::move(connection), wait);
  } catch (const std::bad_alloc&) {
    dispatcher_.cut("connection.no_memory", peer);
  }
}

void Front::stop(std::chrono::milliseconds limit) {
  lot_.stop(limit);
}

}  // namespace redflag::http
