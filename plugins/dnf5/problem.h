#pragma once
// See common/problem.h; codes begin with "dnf5.".

#include "common/problem.h"

namespace redflag::dnf5 {

using plugin::fail;
using plugin::Problem;
using plugin::Result;

}  // namespace redflag::dnf5
