#pragma once
// What goes wrong in a run, as `--faults` and `--kill` say it.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "swarm/random.h"

namespace redflag::swarm {

// Shares from 0 to 1: of agents, but for lost_reply and kill_agent, which are of occasions.
struct Faults {
  double flapping = 0;     // loses its connections every other second or so
  double slow_reader = 0;  // takes answers a few bytes at a time
  double skew = 0;         // its clock is wrong: by minutes, or by hours
  double clone = 0;        // a copy of it, key and all, runs as well
  double lost_reply = 0;   // the answer to a request never arrives
  double kill_agent = 0;   // dies between two steps, and starts again with what it had written down
  bool kill_server = false;
};

// "flapping=0.1,lost-reply=0.05": kInvalid names what is wrong.
Result<> addFaults(const std::string& text, Faults& faults);
// "server,agent".
Result<> addKills(const std::string& text, Faults& faults);

// What one agent suffers from.
struct Ailments {
  bool flapping = false;
  bool slow_reader = false;
  bool cloned = false;
  std::int64_t skew_ns = 0;
};
Ailments drawAilments(const Faults& faults, Random& random);

}  // namespace redflag::swarm
