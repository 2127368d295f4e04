#pragma once
// Which upgrades could not be installed now without removing something. libapt's own simulation answers that,
// but needs a full dependency cache (0.2 s and more); nearly always a much cheaper look shows that nothing
// stands in the way.

#include <vector>

#include "candidates.h"

namespace redflag::apt {

// True if all `wanted` upgrades together, with the new packages they need, leave a consistent system and
// remove nothing: then libapt keeps none of them back. False says nothing; ask simulateKeptBack.
bool allFitTogether(Session& session, const std::vector<Candidate>& wanted);

// For each candidate: does libapt's upgrade without removals leave it where it is? Held and phased ones are,
// too.
Result<std::vector<bool>> simulateKeptBack(Session& session, const std::vector<Candidate>& candidates);

}  // namespace redflag::apt
