#include "swarm/fleet.h"

#include <exception>

#include "base/time.h"
#include "swarm/agent.h"

namespace redflag::swarm {

Fleet::Fleet(const FleetPlan& plan, const protocol::Bundle& bundle, const protocol::CommandList& commands,
             const Target& target, Ledger& ledger, Progress& progress, std::size_t threads)
    : plan_(plan),
      bundle_(bundle),
      commands_(commands),
      target_(target),
      ledger_(ledger),
      progress_(progress),
      groups_(threads) {}

void Fleet::start() {
  for (std::size_t i = 0; i < groups_.size(); ++i)
    groups_[i].thread = std::thread([this, i] { run(groups_[i], i); });
}

void Fleet::run(Group& group, std::size_t index) {
  try {
    live(group, index);
  } catch (const std::exception& error) {
    const std::lock_guard lock(mutex_);
    if (error_.empty()) error_ = error.what();
  }
}

std::string Fleet::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Fleet::live(Group& group, std::size_t index) {
  Reactor reactor;
  const World world{plan_, bundle_, commands_, target_, ledger_, progress_, group.statistics, reactor};
  std::vector<std::unique_ptr<SimulatedAgent>> agents;
  const std::int64_t begin = monotonicNow();
  for (std::int64_t i = static_cast<std::int64_t>(index); i < plan_.agents;
       i += static_cast<std::int64_t>(groups_.size())) {
    agents.push_back(std::make_unique<SimulatedAgent>(world, mix(plan_.seed, static_cast<std::uint64_t>(i))));
    agents.back()->startAt(begin + plan_.ramp_ns / plan_.agents * i);
  }
  bool calm = false;
  std::int64_t storms = 0;
  reactor.runUntil([&] {
    if (progress_.calm && !calm) {
      calm = true;
      for (auto& agent : agents)
        agent->calmDown();
    }
    if (progress_.storms > storms) {
      ++storms;
      for (auto& agent : agents)
        agent->cut();
    }
    return stopping_.load();
  });
}

void Fleet::stop() {
  stopping_ = true;
  for (Group& group : groups_) {
    if (!group.thread.joinable()) continue;
    group.thread.join();
    statistics_.merge(group.statistics);
  }
}

}  // namespace redflag::swarm
