#include "http/listener.h"

#include <Poco/Net/SocketAddress.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "base/log.h"
#include "base/time.h"

namespace redflag::http {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptAtOnce = 64;
constexpr std::int64_t kRestNs = kSecondNs / 10;
constexpr int kUnackedMs = 30'000;  // data that a peer does not confirm for so long ends its connection

void setOption(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

int openSocket(const Poco::Net::SocketAddress& address) {
  const int fd = ::socket(address.af(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  // Not SO_REUSEPORT, under which a second server would quietly take half of the visitors.
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(fd, address.addr(), address.length()) == 0 && ::listen(fd, kBacklog) == 0) return fd;
  const int reason = errno;
  ::close(fd);
  errno = reason;
  return -1;
}

int openReserve() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

std::string hostOf(const sockaddr_storage& from, socklen_t size) {
  return Poco::Net::SocketAddress(reinterpret_cast<const sockaddr*>(&from), size).host().toString();
}

}  // namespace

Listener::Listener(const std::string& address, Accepted accepted, TurnedAway turned_away)
    : accepted_(std::move(accepted)), turned_away_(std::move(turned_away)) {
  Poco::Net::SocketAddress bound;
  try {
    bound = Poco::Net::SocketAddress(address);
  } catch (const Poco::Exception& error) {
    throw std::runtime_error("listen address " + address + ": " + error.displayText());
  }
  fd_ = openSocket(bound);
  if (fd_ < 0)
    throw std::runtime_error("cannot listen on " + address + ": " + std::generic_category().message(errno));
  sockaddr_storage actual{};
  socklen_t size = sizeof actual;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&actual), &size);
  port_ = Poco::Net::SocketAddress(reinterpret_cast<const sockaddr*>(&actual), size).port();
  reserve_ = openReserve();
}

Listener::~Listener() {
  ::close(fd_);
  ::close(reserve_);
}

std::optional<std::int64_t> Listener::open() {
  for (int i = 0; i < kAcceptAtOnce; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      setOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, kUnackedMs);
      accepted_(fd, hostOf(from, size));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
      continue;  // that visitor left
    turnAway();
    return monotonicNow() + kRestNs;
  }
  return std::nullopt;
}

// Whoever connects now would be let in by the system and heard by nobody for as long as a stop takes, and
// then be cut off: refused, he comes again. The descriptor stays, so that no other file gets its number.
void Listener::close() {
  ::shutdown(fd_, SHUT_RDWR);
}

void Listener::turnAway() {
  const int reason = errno;
  if (reserve_ >= 0) ::close(reserve_);
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  const int fd = ::accept4(fd_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC);
  if (fd >= 0) ::close(fd);
  reserve_ = openReserve();
  if (fd >= 0) turned_away_(hostOf(from, size));
  if (monotonicNow() - complained_ns_ < 10 * kSecondNs) return;
  complained_ns_ = monotonicNow();
  spdlog::error("connections are turned away: {}", std::generic_category().message(reason));
}

}  // namespace redflag::http
