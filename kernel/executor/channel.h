#pragma once
// What travels on the executor's local socket: one JSON object a message (platform/local_socket.h frames
// them). README.md lists them. The executor believes nothing of what it reads here; the limits hold before a
// byte is parsed.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "platform/local_socket.h"
#include "protocol/limits.h"

namespace redflag::kernel {

// An envelope in base64 and 64 KiB around it.
constexpr std::size_t kMaxExecutorRequest = protocol::kMaxEnvelopeBytes / 3 * 4 + (64U << 10);
// The result of the largest plan.
constexpr std::size_t kMaxExecutorEvent = 16U << 20;

Result<> sendMessage(platform::LocalStream& stream, const Json& message, std::int64_t timeout_ns);
// nullopt: the other end closed. kInvalid and kLimit: it does not keep to the protocol. kUnavailable: too
// slow.
Result<std::optional<Json>> receiveMessage(platform::LocalStream& stream, std::size_t max_bytes,
                                           std::int64_t timeout_ns);
// False when nothing came within the time; also true when the other end closed.
bool waitReadable(const platform::LocalStream& stream, std::int64_t timeout_ns);

}  // namespace redflag::kernel
