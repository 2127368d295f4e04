#include "local/channel.h"

#include <poll.h>

#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxDepth = 20;

}  // namespace

Result<> sendMessage(platform::LocalStream& stream, const Json& message, std::int64_t timeout_ns) {
  return stream.send(dumpJson(message), timeout_ns);
}

Result<std::optional<Json>> receiveMessage(platform::LocalStream& stream, std::size_t max_bytes,
                                           std::int64_t timeout_ns, std::size_t max_values) {
  const auto text = stream.receive(max_bytes, timeout_ns);
  if (!text) return tl::unexpected<Error>(text.error());
  if (!*text) return std::nullopt;
  auto message = parseJson(**text, {.bytes = max_bytes, .depth = kMaxDepth, .values = max_values});
  if (!message) return failAt("message", message.error());
  if (!message->is_object()) return fail(Code::kInvalid, "message: expected an object");
  return std::move(*message);
}

bool waitReadable(const platform::LocalStream& stream, std::int64_t timeout_ns) {
  pollfd entry{stream.descriptor(), POLLIN | POLLRDHUP, 0};
  return poll(&entry, 1, static_cast<int>(timeout_ns / kMillisecondNs)) > 0;
}

}  // namespace redflag::kernel
