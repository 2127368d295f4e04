#pragma once
// What people read: the manual's words and a report as text.

#include <string>

#include "swarm/statistics.h"

namespace redflag::swarm {

inline constexpr const char* kManual =
    "Simulated agents that enrol with a RedFlag server, hold doorbells, upload\n"
    "inventories and carry out signed orders; then a judge compares what they know\n"
    "to have happened with what the server says.";

inline constexpr const char* kManualEnd =
    "Exit codes: 0 sound, as far as it was judged; 1 something was lost or is there\n"
    "twice, or the run could not be made; 2 wrong usage; 4 sound, but not all was\n"
    "delivered in time.\n"
    "\n"
    "Example: redflag-swarm --agents 3000 --kill server,agent --seed 1 --format json";

// At most 80 columns.
std::string reportText(const Report& report);

}  // namespace redflag::swarm
