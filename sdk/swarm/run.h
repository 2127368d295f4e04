#pragma once
// One run, from the first agent to the verdict.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "swarm/moments.h"
#include "swarm/operator.h"
#include "swarm/server_process.h"
#include "swarm/world.h"

namespace redflag::swarm {

struct RunOptions {
  FleetPlan fleet;
  OrdersPlan orders;
  MomentsPlan moments;
  std::int64_t duration_ns = 60 * kSecondNs;
  std::int64_t settle_ns = 120 * kSecondNs;    // in which nothing was delivered, until what waits is given up
  std::int64_t kill_every_ns = 5 * kSecondNs;  // the server, on average; each run has one
  std::size_t threads = 2;
  // Set by a signal, say: the run is over, and is settled and judged. It outlives the run.
  const std::atomic<bool>* cut_short = nullptr;
  // A server of its own; or what is needed for one that runs already.
  std::optional<ServerSettings> server;
  std::string bundle;
  std::optional<Credentials> person;  // without one nothing is ordered and nothing judged

  bool ordersAnything() const { return orders.every_ns > 0 || !moments.broadcast.empty(); }
};

struct RunReport {
  Report json;
  bool sound = false;    // nothing lost, nothing twice, as far as it was judged
  bool settled = false;  // and nothing left to do
};

// Progress goes to stderr, a line every five seconds. Errors are what kept it from running at all.
Result<RunReport> runSwarm(const RunOptions& options);

}  // namespace redflag::swarm
