#pragma once
// How this process has to be before it may change the system.

#include "problem.h"
#include "settings.h"

namespace redflag::apt {

// Root, a plain environment in which nobody answers questions, and apt's configuration without anything that
// would loosen what an order was approved for. apt.not_root for everybody else.
Result<> becomeInstaller(const Settings& settings);

}  // namespace redflag::apt
