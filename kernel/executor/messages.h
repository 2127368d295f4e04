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
// Of one text and one code in an event. What is no UTF-8 in them is sent as three bytes each.
constexpr std::size_t kMaxEventText = 4096;
constexpr std::size_t kMaxEventCode = 128;
constexpr std::size_t kSentAtMost = 3;
// The longest result of an action.
constexpr std::size_t kMaxExecutorEvent = 64U << 20;
constexpr std::size_t kMaxExecutorEventValues = 4'000'000;

}  // namespace redflag::kernel
