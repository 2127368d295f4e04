#pragma once
// What travels between the agent's programs: one JSON object a message (platform/local_socket.h frames them).
// Nothing of what is read here is believed; the limits hold before a byte is parsed.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/json.h"
#include "base/result.h"
#include "platform/local_socket.h"

namespace redflag::kernel {

Result<> sendMessage(platform::LocalStream& stream, const Json& message, std::int64_t timeout_ns);
// nullopt: the other end closed. kInvalid and kLimit: it does not keep to the protocol. kUnavailable: too
// slow.
Result<std::optional<Json>> receiveMessage(platform::LocalStream& stream, std::size_t max_bytes,
                                           std::int64_t timeout_ns, std::size_t max_values = 400'000);
// False when nothing came within the time; also true when the other end closed.
bool waitReadable(const platform::LocalStream& stream, std::int64_t timeout_ns);

}  // namespace redflag::kernel
