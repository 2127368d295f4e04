#pragma once
// What configure() of a plugin does with its settings.

#include <utility>

#include "common/problem.h"
#include "redflag/sdk.hpp"

namespace redflag::plugin {

// Takes what was read, or says in the log why it cannot be.
template <class Settings>
rf::Status takeSettings(Result<Settings> read, Settings& settings, const rf::Log& log) {
  if (!read) {
    log.error(read.error().text);
    return rf::toStatus(read.error().status);
  }
  settings = std::move(*read);
  return rf::Status::kOk;
}

}  // namespace redflag::plugin
