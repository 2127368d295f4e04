#include "platform/duplex_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "base/time.h"

namespace redflag::platform {
namespace {

constexpr std::int64_t kLongestWaitMs = 3'600'000;

tl::unexpected<Error> pipeError(const char* step) {
  return fail(Code::kIo, std::string(step) + ": " + std::strerror(errno));
}

}  // namespace

Result<DuplexPipe> DuplexPipe::create() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return pipeError("socketpair");
  DuplexPipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  // Only our end: the flag belongs to the open file, and the child's end is another one.
  if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return pipeError("fcntl");
  return pipe;
}

Result<DuplexPipe::Ready> DuplexPipe::wait(bool for_writing, std::int64_t timeout_ns) {
  pollfd entry{own_.get(), static_cast<short>(for_writing ? POLLIN | POLLOUT : POLLIN), 0};
  const auto ms =
      std::clamp<std::int64_t>((timeout_ns + kMillisecondNs - 1) / kMillisecondNs, 0, kLongestWaitMs);
  if (::poll(&entry, 1, static_cast<int>(ms)) < 0 && errno != EINTR) return pipeError("poll");
  return Ready{(entry.revents & (POLLIN | POLLHUP | POLLERR)) != 0, (entry.revents & POLLOUT) != 0};
}

Result<std::optional<std::size_t>> DuplexPipe::read(char* into, std::size_t size) {
  const ssize_t got = ::recv(own_.get(), into, size, 0);
  if (got >= 0) return std::optional(static_cast<std::size_t>(got));
  if (errno == EAGAIN || errno == EINTR) return std::optional<std::size_t>();
  if (errno == ECONNRESET) return std::optional<std::size_t>(0);
  return pipeError("read");
}

Result<std::size_t> DuplexPipe::write(std::string_view bytes) {
  const ssize_t sent = ::send(own_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  if (errno == EPIPE || errno == ECONNRESET)
    return fail(Code::kUnavailable, "write: the other end is closed");
  return pipeError("write");
}

Result<> DuplexPipe::writeAll(std::string_view bytes, std::int64_t timeout_ns) {
  const std::int64_t until = monotonicNow() + timeout_ns;
  while (!bytes.empty()) {
    const auto taken = write(bytes);
    if (!taken) return tl::unexpected<Error>(taken.error());
    bytes.remove_prefix(*taken);
    if (*taken > 0) continue;
    const std::int64_t left = until - monotonicNow();
    if (left <= 0) return fail(Code::kUnavailable, "write: the other end was too slow");
    if (const auto ready = wait(true, left); !ready) return tl::unexpected<Error>(ready.error());
  }
  return {};
}

}  // namespace redflag::platform
