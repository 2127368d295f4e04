#pragma once
// What all simulated agents of a run have in common.

#include <atomic>
#include <cstdint>

#include "protocol/bundle.h"
#include "protocol/command_list.h"
#include "swarm/connection.h"
#include "swarm/faults.h"
#include "swarm/inventory.h"
#include "swarm/ledger.h"
#include "swarm/reactor.h"
#include "swarm/statistics.h"

namespace redflag::swarm {

struct FleetPlan {
  std::uint64_t seed = 0;
  std::int64_t agents = 100;
  std::int64_t ramp_ns = 0;      // within which the agents come
  std::int64_t every_ns = 0;     // an agent's scans
  std::int64_t check_in_ns = 0;  // 0: only when the doorbell was opened or rang, as agents do
  double inventories = 0;        // the share of agents that upload all their packages
  InventorySize size;
  Faults faults;
};

// Written by the agents' threads, read by any.
struct Progress {
  std::atomic<std::int64_t> enrolled{0};
  std::atomic<std::int64_t> doorbells{0};    // open now
  std::atomic<std::int64_t> spooled{0};      // items that wait for the server
  std::atomic<std::int64_t> open_orders{0};  // accepted, and the server does not know their end
  std::atomic<std::int64_t> fetches{0};      // asked for, and without an answer
  std::atomic<std::int64_t> acknowledged{0};
  std::atomic<std::int64_t> rejected{0};
  std::atomic<std::int64_t> executed{0};
  std::atomic<std::int64_t> installs{0};  // ended ones, whether or not they succeeded
  std::atomic<std::int64_t> refused{0};
  std::atomic<std::int64_t> deaths{0};
  std::atomic<std::int64_t> clones{0};
  std::atomic<std::int64_t> storms{0};        // so often all connections were cut at once
  std::atomic<std::int64_t> broadcast_ns{0};  // when all of them were ordered the same; 0: never
  // From now on nothing new begins and nothing more goes wrong: what waits is delivered.
  std::atomic<bool> calm{false};
};

// One thread's.
struct World {
  const FleetPlan& plan;
  const protocol::Bundle& bundle;
  const protocol::CommandList& commands;
  const Target& target;
  Ledger& ledger;
  Progress& progress;
  Statistics& statistics;
  Reactor& reactor;
};

}  // namespace redflag::swarm
