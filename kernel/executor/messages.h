#pragma once
// How long the messages on the executor's socket may be; README.md lists them.

#include <cstddef>

#include "protocol/limits.h"

namespace redflag::kernel {

// An envelope in base64 and 64 KiB around it.
constexpr std::size_t kMaxExecutorRequest = protocol::kMaxEnvelopeBytes / 3 * 4 + (64U << 10);
// The result of the largest plan.
constexpr std::size_t kMaxExecutorEvent = 16U << 20;

}  // namespace redflag::kernel
