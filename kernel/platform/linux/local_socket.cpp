#include "platform/local_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/time.h"
#include "platform/user.h"

namespace redflag::platform {
namespace {

constexpr int kBacklog = 16;

tl::unexpected<Error> socketError(const std::string& place, int error) {
  const bool away = error == ECONNREFUSED || error == ENOENT || error == ETIMEDOUT || error == EAGAIN;
  const Code code = away                                  ? Code::kUnavailable
                    : (error == EACCES || error == EPERM) ? Code::kDenied
                                                          : Code::kIo;
  return fail(code, place + ": " + std::strerror(error));
}

Result<sockaddr_un> addressOf(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    return fail(Code::kInvalid, text + ": a socket's path has at most " +
                                    std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, text.data(), text.size());
  return address;
}

Result<Descriptor> newSocket() {
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return socketError("socket", errno);
  return fd;
}

// True when ready; false when the time is over.
Result<bool> waitFor(int fd, short events, std::int64_t until_ns) {
  for (;;) {
    const std::int64_t left = until_ns - monotonicNow();
    if (left <= 0) return false;
    pollfd entry{fd, events, 0};
    const auto ms = std::min<std::int64_t>((left + kMillisecondNs - 1) / kMillisecondNs, 60'000);
    const int ready = ::poll(&entry, 1, static_cast<int>(ms));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return socketError("poll", errno);
  }
}

// The number of bytes read: fewer than asked for only when the other end closed.
Result<std::size_t> readFully(int fd, char* into, std::size_t size, std::int64_t until_ns) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::recv(fd, into + done, size - done, 0);
    if (got == 0) break;
    if (got > 0) {
      done += static_cast<std::size_t>(got);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return socketError("receive", errno);
    auto ready = waitFor(fd, POLLIN, until_ns);
    if (!ready) return tl::unexpected<Error>(ready.error());
    if (!*ready) return fail(Code::kUnavailable, "receive: the other end was too slow");
  }
  return done;
}

Result<> writeFully(int fd, std::string_view bytes, std::int64_t until_ns) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return socketError("send", errno);
    auto ready = waitFor(fd, POLLOUT, until_ns);
    if (!ready) return tl::unexpected<Error>(ready.error());
    if (!*ready) return fail(Code::kUnavailable, "send: the other end was too slow");
  }
  return {};
}

// Removes a socket nobody listens on any more.
Result<> clearStale(const std::filesystem::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISSOCK(info.st_mode))
    return fail(Code::kConflict, path.string() + ": is in the way and not a socket");
  if (auto other = LocalStream::connect(path))
    return fail(Code::kConflict, path.string() + ": somebody listens there");
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return socketError(path.string(), errno);
  return {};
}

// One byte, and room for one descriptor beside it.
struct DescriptorMessage {
  DescriptorMessage() {
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
  }
  DescriptorMessage(const DescriptorMessage&) = delete;
  DescriptorMessage& operator=(const DescriptorMessage&) = delete;

  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
};

}  // namespace

Result<LocalStream> LocalStream::connect(const std::filesystem::path& path) {
  auto address = addressOf(path);
  if (!address) return tl::unexpected<Error>(address.error());
  auto fd = newSocket();
  if (!fd) return tl::unexpected<Error>(fd.error());
  if (::connect(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return socketError(path.string(), errno);
  }
  return LocalStream(std::move(*fd));
}

Result<Peer> LocalStream::peer() const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(descriptor_.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return socketError("peer credentials", errno);
  }
  return Peer{credentials.uid, credentials.gid, credentials.pid};
}

Result<std::optional<std::string>> LocalStream::receive(std::size_t max_bytes, std::int64_t timeout_ns) {
  const std::int64_t until = monotonicNow() + timeout_ns;
  unsigned char head[4];
  auto got = readFully(descriptor_.get(), reinterpret_cast<char*>(head), sizeof head, until);
  if (!got) return tl::unexpected<Error>(got.error());
  if (*got == 0) return std::optional<std::string>();
  if (*got < sizeof head) return fail(Code::kInvalid, "receive: cut off in a message's head");
  const std::size_t size =
      head[0] | (std::size_t{head[1]} << 8U) | (std::size_t{head[2]} << 16U) | (std::size_t{head[3]} << 24U);
  if (size > max_bytes) {
    return fail(Code::kLimit, "receive: a message of " + std::to_string(size) + " bytes, at most " +
                                  std::to_string(max_bytes) + " are taken");
  }
  std::string message(size, '\0');
  got = readFully(descriptor_.get(), message.data(), size, until);
  if (!got) return tl::unexpected<Error>(got.error());
  if (*got < size) return fail(Code::kInvalid, "receive: cut off in a message");
  return std::optional<std::string>(std::move(message));
}

Result<> LocalStream::send(std::string_view message, std::int64_t timeout_ns) {
  if (message.size() > UINT32_MAX) return fail(Code::kLimit, "send: a message has at most 4 GiB");
  const std::int64_t until = monotonicNow() + timeout_ns;
  std::string head;
  for (unsigned shift = 0; shift < 32; shift += 8)
    head.push_back(static_cast<char>((message.size() >> shift) & 0xFFU));
  if (auto sent = writeFully(descriptor_.get(), head, until); !sent) return sent;
  return writeFully(descriptor_.get(), message, until);
}

Result<> LocalStream::giveDescriptor(Descriptor given, std::int64_t timeout_ns) {
  auto ready = waitFor(descriptor_.get(), POLLOUT, monotonicNow() + timeout_ns);
  if (!ready) return tl::unexpected<Error>(ready.error());
  if (!*ready) return fail(Code::kUnavailable, "send: the other end was too slow");
  DescriptorMessage carrier;
  msghdr& message = carrier.message;
  cmsghdr* part = CMSG_FIRSTHDR(&message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = given.get();
  std::memcpy(CMSG_DATA(part), &number, sizeof number);
  if (::sendmsg(descriptor_.get(), &message, MSG_NOSIGNAL) != 1) return socketError("send", errno);
  return {};
}

Result<Descriptor> LocalStream::takeDescriptor(std::int64_t timeout_ns) {
  auto ready = waitFor(descriptor_.get(), POLLIN, monotonicNow() + timeout_ns);
  if (!ready) return tl::unexpected<Error>(ready.error());
  if (!*ready) return fail(Code::kUnavailable, "receive: the other end was too slow");
  DescriptorMessage carrier;
  msghdr& message = carrier.message;
  if (::recvmsg(descriptor_.get(), &message, MSG_CMSG_CLOEXEC) < 0) return socketError("receive", errno);
  const cmsghdr* part = CMSG_FIRSTHDR(&message);
  if (part == nullptr || part->cmsg_type != SCM_RIGHTS || part->cmsg_len != CMSG_LEN(sizeof(int)))
    return fail(Code::kInvalid, "receive: expected a descriptor");
  int number = -1;
  std::memcpy(&number, CMSG_DATA(part), sizeof number);
  return Descriptor(number);
}

void LocalStream::shutDown() {
  ::shutdown(descriptor_.get(), SHUT_RDWR);
}

Result<LocalListener> LocalListener::listen(const std::filesystem::path& path, std::uint32_t mode,
                                            const std::string& group) {
  auto address = addressOf(path);
  if (!address) return tl::unexpected<Error>(address.error());
  if (auto cleared = clearStale(path); !cleared) return tl::unexpected<Error>(cleared.error());
  auto fd = newSocket();
  if (!fd) return tl::unexpected<Error>(fd.error());
  Descriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return socketError("eventfd", errno);
  // Nobody may connect between bind and chmod: until listen() every connect is refused.
  if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return socketError(path.string(), errno);
  }
  LocalListener listener(std::move(*fd), std::move(wake), path);
  const auto gid = group.empty() ? std::nullopt : findGroup(group);
  const bool shared = gid && ::chown(path.c_str(), static_cast<uid_t>(-1), *gid) == 0;
  const auto bits = static_cast<mode_t>(shared || group.empty() ? mode : mode & 0700U);
  if (::chmod(path.c_str(), bits) != 0) return socketError(path.string(), errno);
  if (::listen(listener.descriptor_.get(), kBacklog) != 0) return socketError(path.string(), errno);
  return listener;
}

LocalListener::LocalListener(LocalListener&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      wake_(std::move(other.wake_)),
      path_(std::move(other.path_)) {
  other.path_.clear();
}

LocalListener& LocalListener::operator=(LocalListener&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(wake_, other.wake_);
  std::swap(path_, other.path_);
  return *this;
}

LocalListener::~LocalListener() {
  if (descriptor_.valid() && !path_.empty()) ::unlink(path_.c_str());
}

Result<std::optional<LocalStream>> LocalListener::accept(std::int64_t timeout_ns) {
  pollfd entries[2] = {{descriptor_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  const auto ms = std::clamp<std::int64_t>(timeout_ns / kMillisecondNs, 0, INT32_MAX);
  if (::poll(entries, 2, static_cast<int>(ms)) < 0 && errno != EINTR) return socketError("poll", errno);
  if ((entries[1].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    if (::read(wake_.get(), &count, sizeof count) < 0 && errno != EAGAIN) return socketError("wake", errno);
    return std::optional<LocalStream>();
  }
  if ((entries[0].revents & POLLIN) == 0) return std::optional<LocalStream>();
  Descriptor fd(::accept4(descriptor_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd.valid()) return std::optional<LocalStream>(LocalStream(std::move(fd)));
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return std::optional<LocalStream>();
  return socketError("accept", errno);
}

void LocalListener::wake() {
  const std::uint64_t one = 1;
  const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  static_cast<void>(written);  // a full counter wakes just as well
}

}  // namespace redflag::platform
