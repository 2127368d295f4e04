#pragma once
// Packages that apt downloaded earlier and kept: where a version is still to be had that no archive offers.

#include <string>
#include <vector>

#include "common/order.h"

namespace redflag::apt {

// Those of `wanted` that lie in apt's archive folder. Needs configureApt. Only files that root alone can have
// written there count: nothing else vouches for their content any more.
std::vector<std::string> findKeptPackages(const std::vector<plugin::Wanted>& wanted);

}  // namespace redflag::apt
