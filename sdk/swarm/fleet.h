#pragma once
// All simulated agents, spread over a few threads.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "swarm/world.h"

namespace redflag::swarm {

class Fleet {
 public:
  // All outlive it.
  Fleet(const FleetPlan& plan, const protocol::Bundle& bundle, const protocol::CommandList& commands,
        const Target& target, Ledger& ledger, Progress& progress, std::size_t threads);
  ~Fleet() { stop(); }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  void start();
  // Ends all connections, joins, and hands out what was measured. Once.
  void stop();
  const Statistics& statistics() const { return statistics_; }
  std::string error() const;  // why a thread gave up, at once; "" normally [any thread]

 private:
  struct Group {
    Statistics statistics;
    std::thread thread;
  };
  void run(Group& group, std::size_t index);
  void live(Group& group, std::size_t index);

  const FleetPlan& plan_;
  const protocol::Bundle& bundle_;
  const protocol::CommandList& commands_;
  const Target& target_;
  Ledger& ledger_;
  Progress& progress_;
  std::vector<Group> groups_;
  std::atomic<bool> stopping_ = false;
  Statistics statistics_;
  mutable std::mutex mutex_;
  std::string error_;
};

}  // namespace redflag::swarm
