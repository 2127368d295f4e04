#pragma once

#include <errno.h>

#include <string>
#include <system_error>

#include "base/result.h"

namespace redflag::kernel {

// The operating system's reason for the call that just failed.
inline tl::unexpected<Error> osError(const std::string& what) {
  return fail(Code::kIo, what + ": " + std::system_category().message(errno));
}

}  // namespace redflag::kernel
