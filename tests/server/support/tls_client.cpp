#include "support/tls_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

namespace redflag::testing {
namespace {

SSL_CTX* clientContext() {
  static SSL_CTX* context = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return SSL_CTX_new(TLS_client_method());
  }();
  return context;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

TlsClient::TlsClient(std::uint16_t port, int timeout_ms, bool shake_hands) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{timeout_ms / 1000, (timeout_ms % 1000) * 1000};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int at_once = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    throw std::runtime_error("cannot connect");
  }
  if (!shake_hands) return;
  ssl_ = SSL_new(clientContext());
  SSL_set_fd(ssl_, fd_);
  if (SSL_connect(ssl_) == 1) return;
  SSL_free(ssl_);
  ::close(fd_);
  throw std::runtime_error("no TLS");
}

TlsClient::~TlsClient() {
  if (ssl_ != nullptr) SSL_free(ssl_);
  ::close(fd_);
}

bool TlsClient::send(std::string_view bytes) {
  if (ssl_ == nullptr) return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) > 0;
  std::size_t written = 0;
  return SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written) == 1;
}

bool TlsClient::fill() {
  std::array<char, 16384> buffer{};
  if (ssl_ == nullptr) {
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (count > 0) in_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }
  std::size_t count = 0;
  if (SSL_read_ex(ssl_, buffer.data(), buffer.size(), &count) != 1) return false;
  in_.append(buffer.data(), count);
  return true;
}

std::string TlsClient::readUntil(std::string_view mark) {
  std::size_t at = in_.find(mark);
  while (at == std::string::npos && fill())
    at = in_.find(mark);
  const std::size_t size = at == std::string::npos ? in_.size() : at + mark.size();
  std::string out = in_.substr(0, size);
  in_.erase(0, size);
  return out;
}

Reply TlsClient::reply(bool has_body) {
  Reply out;
  const std::string head = readUntil("\r\n\r\n");
  if (!head.starts_with("HTTP/1.1 ")) return out;
  out.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n") + 2; at < head.size() - 2;) {
    const std::size_t end = head.find("\r\n", at);
    const std::size_t colon = head.find(": ", at);
    out.headers[lower(head.substr(at, colon - at))] = head.substr(colon + 2, end - colon - 2);
    at = end + 2;
  }
  if (!has_body || !out.headers.contains("content-length")) return out;
  const std::size_t size = std::stoul(out.headers["content-length"]);
  while (in_.size() < size && fill())
    continue;
  out.body = in_.substr(0, size);
  in_.erase(0, size);
  return out;
}

bool TlsClient::closes() {
  const int before = errno;
  while (fill())
    in_.clear();
  const bool timed_out = errno == EAGAIN || errno == EWOULDBLOCK;
  errno = before;
  return !timed_out;
}

void TlsClient::takeLittle() {
  const int size = 4096;
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

std::string request(const std::string& method, const std::string& target, const std::string& header_lines,
                    const std::string& body) {
  std::string out = method + ' ' + target + " HTTP/1.1\r\nHost: localhost\r\n" + header_lines;
  if (method != "GET" && method != "HEAD") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

}  // namespace redflag::testing
