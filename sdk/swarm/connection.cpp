#include "swarm/connection.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <system_error>

#include "base/json.h"
#include "base/request_id.h"
#include "base/time.h"

namespace redflag::swarm {
namespace {

constexpr std::int64_t kConnectNs = 15 * kSecondNs;
constexpr std::size_t kMaxHead = 16U << 10;
constexpr std::size_t kMaxBody = 24U << 20;
constexpr std::size_t kMaxLine = 64U << 10;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::int64_t numberOf(const std::map<std::string, std::string>& headers, const char* name,
                      std::int64_t otherwise) {
  const auto found = headers.find(name);
  if (found == headers.end()) return otherwise;
  std::int64_t value = otherwise;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : otherwise;
}

// "" where the body is no problem document.
std::string problemCode(const std::string& body) {
  const auto json = parseJson(body, {.bytes = 64U << 10, .depth = 8, .values = 1000});
  if (!json || !json->is_object()) return {};
  const auto code = json->find("code");
  return code != json->end() && code->is_string() ? code->get<std::string>() : std::string();
}

}  // namespace

std::string Reply::code() const {
  const std::string told = problemCode(body);
  return told.empty() ? "status." + std::to_string(status) : told;
}

bool Reply::putsOff() const {
  const bool later = status == 408 || status == 425 || status == 429 || status >= 500;
  return later && retryAfterS() > 0 && !problemCode(body).empty();
}

std::string Reply::requestId() const {
  const auto found = headers.find("x-request-id");
  return found == headers.end() ? std::string() : checkedRequestId(found->second);
}

std::string Reply::refusal() const {
  const std::string id = requestId();
  return id.empty() ? code() : code() + " (request " + id + ")";
}

std::int64_t Reply::dateS() const {
  const auto found = headers.find("date");
  std::tm parts{};
  if (found == headers.end() ||
      ::strptime(found->second.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr)
    return 0;
  return ::timegm(&parts);
}

std::int64_t Reply::retryAfterS() const {
  return std::clamp<std::int64_t>(numberOf(headers, "retry-after", 0), 0, 3600);
}

Result<Target> Target::resolve(const Origin& origin, const Trust& trust) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(origin.host.c_str(), std::to_string(origin.port).c_str(), &hints, &found);
  if (error != 0) return fail(Code::kUnavailable, origin.authority + ": " + ::gai_strerror(error));
  Target target{origin, trust, {}};
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next)
    target.addresses.emplace_back(reinterpret_cast<const char*>(at->ai_addr), at->ai_addrlen);
  ::freeaddrinfo(found);
  return target;
}

Connection::Connection(Reactor& reactor, const Target& target, User& user)
    : reactor_(reactor), user_(user), began_ns_(monotonicNow()) {
  sockaddr_storage address{};
  const std::string& bytes = target.addresses.front();
  std::memcpy(&address, bytes.data(), std::min(bytes.size(), sizeof address));
  fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0 && (errno == EMFILE || errno == ENFILE)) {
    slow_ = reactor_.in(0, [this] { slow_ = {}, finish("descriptors"); });
    return;
  }
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ssl_ = target.trust.open(fd_);
  if (ssl_ == nullptr) {
    ::close(fd_);
    throw std::bad_alloc();
  }
  // What fails at once, as without a free port, the descriptor does not tell.
  const auto size = static_cast<socklen_t>(bytes.size());
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 && errno != EINPROGRESS) {
    slow_ = reactor_.in(0, [this] { slow_ = {}, finish("connect"); });
    return;
  }
  watch_ = reactor_.watch(fd_, [this] { ready(); });
  setTimeout(kConnectNs);
}

Connection::~Connection() {
  reactor_.cancel(timeout_);
  reactor_.cancel(slow_);
  reactor_.forget(watch_);
  SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

void Connection::setTimeout(std::int64_t ns) {
  reactor_.cancel(timeout_);
  if (ns > 0) timeout_ = reactor_.in(ns, [this] { timeout_ = {}, finish("timeout"); });
}

void Connection::send(std::string request, bool stream, std::int64_t timeout_ns) {
  out_ = std::move(request);
  written_ = 0;
  stream_ = stream;
  reply_ = Reply{};
  const bool waits = state_ == State::kConnecting || state_ == State::kHandshake;
  request_ns_ = waits ? began_ns_ : monotonicNow();
  setTimeout(timeout_ns);
  if (waits) return;
  state_ = State::kSending;
  reactor_.wantWrite(watch_, true);
}

void Connection::readSlowly(std::size_t bytes, std::int64_t pause_ns) {
  slow_bytes_ = bytes;
  slow_pause_ns_ = pause_ns;
}

void Connection::finish(const std::string& why) {
  reactor_.cancel(timeout_);
  reactor_.cancel(slow_);
  reactor_.forget(std::exchange(watch_, 0));
  user_.closed(*this, why);
}

void Connection::ready() {
  if (state_ == State::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return finish("connect");
    state_ = State::kHandshake;
  }
  if (state_ == State::kHandshake && !shakeHands()) return;
  if (state_ == State::kSending) {
    if (!write()) return;
    state_ = State::kHead;
    reactor_.wantWrite(watch_, false);
    return user_.sent(*this);
  }
  read();
}

// False when it goes on later, or not at all.
bool Connection::shakeHands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  const int error = SSL_get_error(ssl_, result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
    reactor_.wantWrite(watch_, error == SSL_ERROR_WANT_WRITE);
    return false;
  }
  if (error != SSL_ERROR_NONE) {
    finish("tls");
    return false;
  }
  handshake_ns_ = monotonicNow() - began_ns_;
  state_ = out_.empty() ? State::kIdle : State::kSending;
  reactor_.wantWrite(watch_, state_ == State::kSending);
  return true;
}

bool Connection::write() {
  while (written_ < out_.size()) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_write_ex(ssl_, out_.data() + written_, out_.size() - written_, &bytes);
    if (result != 1) {
      const int error = SSL_get_error(ssl_, result);
      const bool later = error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ;
      if (later) reactor_.wantWrite(watch_, error == SSL_ERROR_WANT_WRITE);
      // A server that refused may have answered before it closed: read() says which.
      if (!later) {
        state_ = State::kHead;
        read();
      }
      return false;
    }
    written_ += bytes;
  }
  reply_.sent = out_.size();
  out_ = std::string();
  return true;
}

// Into in_; true when something came or the end was seen.
bool Connection::fill() {
  std::array<char, 16 << 10> buffer;
  const std::size_t most = slow_bytes_ == 0 ? buffer.size() : slow_bytes_;
  bool any = false;
  for (;;) {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int result = SSL_read_ex(ssl_, buffer.data(), most, &bytes);
    if (result != 1) {
      const int error = SSL_get_error(ssl_, result);
      ended_ = error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
      return any || ended_;
    }
    in_.append(buffer.data(), bytes);
    any = true;
    if (slow_bytes_ != 0 || in_.size() > kMaxBody) return true;
  }
}

void Connection::read() {
  if (slow_ != Reactor::TimerId{}) return;
  if (fill()) {
    if (slow_bytes_ != 0 && !ended_) {
      // Not asked again until the pause is over: the descriptor stays readable.
      reactor_.forget(std::exchange(watch_, 0));
      slow_ = reactor_.in(slow_pause_ns_, [this] {
        slow_ = {};
        watch_ = reactor_.watch(fd_, [this] { ready(); });
        reactor_.wantWrite(watch_, false);
        read();  // what TLS has already taken from the socket does not make it readable
      });
    }
    return advance();
  }
}

void Connection::advance() {
  if (state_ == State::kHead && !takeHead()) {
    if (in_.size() > kMaxHead) return finish("limit");
    if (ended_) return finish("closed");
    return;
  }
  if (state_ == State::kBody) {
    if (in_.size() < body_bytes_) return ended_ ? finish("closed") : void();
    reply_.body = in_.substr(0, body_bytes_);
    in_.erase(0, body_bytes_);
    reply_.took_ns = monotonicNow() - request_ns_;
    state_ = State::kIdle;
    setTimeout(0);
    if (slow_ != Reactor::TimerId{}) {
      reactor_.cancel(slow_);
      watch_ = reactor_.watch(fd_, [this] { ready(); });
      reactor_.wantWrite(watch_, false);
    }
    Reply reply = std::move(reply_);
    return user_.replied(*this, reply);
  }
  if (state_ == State::kStream) return takeLines();
  if (ended_) return finish("closed");
  if (!in_.empty()) return finish("protocol");  // nobody asked
}

// True when the state has become another one.
bool Connection::takeHead() {
  const std::size_t end = in_.find("\r\n\r\n");
  if (end == std::string::npos || !in_.starts_with("HTTP/1.1 ") || end < 12) return false;
  reply_.received = end + 4;
  reply_.status = 0;
  std::from_chars(in_.data() + 9, in_.data() + 12, reply_.status);
  for (std::size_t at = in_.find("\r\n"); at < end;) {
    const std::size_t next = std::min(in_.find("\r\n", at + 2), end);
    const std::string line = in_.substr(at + 2, next - at - 2);
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) {
      std::string& value = reply_.headers[lower(line.substr(0, colon))];
      value += (value.empty() ? "" : "\n") + line.substr(colon + 2);
    }
    at = next;
  }
  in_.erase(0, end + 4);
  if (reply_.status / 100 == 1) return takeHead();
  const std::string type = reply_.headers["content-type"];
  if (stream_ && reply_.status == 200 && type.starts_with("text/event-stream")) {
    state_ = State::kStream;
    setTimeout(0);
    reply_.took_ns = monotonicNow() - request_ns_;
    return true;
  }
  body_bytes_ = static_cast<std::size_t>(
      std::clamp<std::int64_t>(numberOf(reply_.headers, "content-length", 0), 0, kMaxBody));
  reply_.received += body_bytes_;
  state_ = State::kBody;
  return true;
}

void Connection::takeLines() {
  if (reply_.status != 0) {
    Reply reply = std::exchange(reply_, Reply{});
    if (in_.empty() && !ended_) return user_.replied(*this, reply);
    // What came with the head is taken in the next turn of the loop.
    timeout_ = reactor_.in(0, [this] { timeout_ = {}, takeLines(); });
    return user_.replied(*this, reply);
  }
  std::vector<std::string> lines;
  for (std::size_t end = in_.find('\n'); end != std::string::npos; end = in_.find('\n')) {
    lines.push_back(in_.substr(0, end));
    in_.erase(0, end + 1);
  }
  if (in_.size() > kMaxLine) return finish("limit");
  if (ended_ && lines.empty()) return finish("closed");
  if (ended_) {
    timeout_ = reactor_.in(0, [this] { timeout_ = {}, finish("closed"); });
  }
  if (!lines.empty()) user_.lines(*this, lines);
}

}  // namespace redflag::swarm
