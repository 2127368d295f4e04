#pragma once
// See common/problem.h; codes begin with "apt.".

#include "common/problem.h"

namespace redflag::apt {

using plugin::fail;
using plugin::Problem;
using plugin::Result;

}  // namespace redflag::apt
