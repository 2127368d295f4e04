#pragma once
// See common/problem.h; codes begin with "docker.".

#include "common/problem.h"

namespace redflag::docker {

using plugin::fail;
using plugin::Problem;
using plugin::Result;

}  // namespace redflag::docker
