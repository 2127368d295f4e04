#pragma once
// What a run does on purpose once its whole fleet is there, one moment after the other, and what was measured
// of each. Threads: one owner.

#include <cstdint>
#include <set>
#include <string>

#include "swarm/person.h"
#include "swarm/server_process.h"
#include "swarm/statistics.h"
#include "swarm/world.h"

namespace redflag::swarm {

struct MomentsPlan {
  std::int64_t steady_ns = 0;  // nothing is done for so long; 0: not at all
  // A command type, ordered of all agents at once; install_updates: an update of each is approved; "":
  // nothing is
  std::string broadcast;
  bool storm = false;    // all connections end at once
  bool restart = false;  // the run's own server is ended, and started again

  bool any() const { return steady_ns > 0 || !broadcast.empty() || storm || restart; }
};

class Moments {
 public:
  // All outlive it. `server`: of the run's own; without one its cost is not known, and nothing restarted.
  Moments(MomentsPlan plan, const FleetPlan& fleet, Progress& progress, Ledger& ledger, ServerProcess* server,
          Person* person)
      : plan_(std::move(plan)),
        fleet_(fleet),
        progress_(progress),
        ledger_(ledger),
        server_(server),
        person_(person) {}

  // To be called every few milliseconds, until over(). Orders of a broadcast and a restart block it.
  Result<> step();
  bool over() const { return at_ == At::kEnd; }
  bool isAtRest() const { return at_ == At::kSteady; }  // nothing is to happen
  const std::set<std::string>& commandIds() const { return command_ids_; }
  // {"steady": {"seconds","cpu_percent","rss_kib"}, "broadcast": {"orders","ordered_s","done_s"},
  //  "storm": {"back_s"}, "restart": {"absent_s","back_s"}}: what of it there was. cpu_percent is of one
  //  processor.
  const Report& report() const { return report_; }

 private:
  enum class At { kArriving, kSteady, kBroadcast, kStorm, kRestart, kEnd };
  bool allThere() const;
  std::size_t answered()
      const;  // orders that agents have carried out or refused; of an approval the installs
  void enter(At at);
  Result<> order();
  Result<> approve();
  Result<> restart();
  Result<Json> oneUpdateOfEach() const;  // ids
  void tellSteady();

  const MomentsPlan plan_;
  const FleetPlan& fleet_;
  Progress& progress_;
  Ledger& ledger_;
  ServerProcess* server_;
  Person* person_;
  At at_ = At::kArriving;
  std::int64_t began_ns_ = 0;
  std::int64_t began_cpu_ns_ = 0;
  bool cut_ = false;  // the storm: seen that connections are missing
  bool restarted_ = false;
  std::set<std::string> command_ids_;
  std::size_t expected_ = 0;  // of the broadcast
  Report report_ = Report::object();
};

}  // namespace redflag::swarm
