#pragma once
// What the host does for a plugin must not throw into it: it may be written in C.

#include <exception>
#include <new>

#include "redflag/abi.h"

namespace redflag::host {

template <class Call>
rf_status guard(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return RF_LIMIT;
  } catch (const std::exception&) {
    return RF_INTERNAL;
  }
}

}  // namespace redflag::host
