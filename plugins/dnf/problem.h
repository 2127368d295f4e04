#pragma once
// See common/problem.h; codes begin with "dnf.".

#include "common/problem.h"

namespace redflag::dnf {

using plugin::fail;
using plugin::Problem;
using plugin::Result;

}  // namespace redflag::dnf
