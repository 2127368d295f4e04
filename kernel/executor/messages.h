#pragma once
// How long the messages on the executor's socket may be; README.md lists them.

#include <cstddef>

#include "protocol/limits.h"

namespace redflag::kernel {

// An envelope in base64, the trust repository's files, and 64 KiB around them.
constexpr std::size_t kMaxHandedTrustBytes = 2U << 20;
constexpr std::size_t kMaxExecutorRequest =
    protocol::kMaxEnvelopeBytes / 3 * 4 + kMaxHandedTrustBytes + (64U << 10);
// Code of the error that says that as many orders wait as the executor takes.
constexpr const char* kExecutorFull = "executor.full";
// The longest result of an action.
constexpr std::size_t kMaxExecutorEvent = 64U << 20;
constexpr std::size_t kMaxExecutorEventValues = 4'000'000;

}  // namespace redflag::kernel
