#include "http_script.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <sstream>

#include "../../kernel/link/pki.h"

namespace redflag::test {
namespace {

constexpr int kTickMs = 20;

// One connection, with or without TLS.
class Line {
 public:
  Line(int fd, SSL_CTX* tls) : fd_(fd), tls_(tls == nullptr ? nullptr : SSL_new(tls), &SSL_free) {
    is_open_ = tls_ == nullptr || (SSL_set_fd(tls_.get(), fd) == 1 && SSL_accept(tls_.get()) == 1);
  }
  bool isOpen() const { return is_open_; }
  bool hasMore() const {
    pollfd entry{fd_, POLLIN, 0};
    return (tls_ != nullptr && SSL_pending(tls_.get()) > 0) || ::poll(&entry, 1, kTickMs) > 0;
  }
  ssize_t hear(char* to, std::size_t size) const {
    return tls_ == nullptr ? ::read(fd_, to, size) : SSL_read(tls_.get(), to, static_cast<int>(size));
  }
  bool say(const std::string& bytes) const {
    const auto said = tls_ == nullptr ? ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL)
                                      : SSL_write(tls_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return said == static_cast<ssize_t>(bytes.size());
  }

 private:
  int fd_;
  std::unique_ptr<SSL, decltype(&SSL_free)> tls_;
  bool is_open_ = false;
};

ScriptedAsk parse(const std::string& head) {
  ScriptedAsk ask;
  std::istringstream in(head);
  std::string line;
  std::getline(in, line);
  std::istringstream(line) >> ask.method >> ask.target;
  while (std::getline(in, line)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    auto name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    auto value = line.substr(colon + 1);
    value.erase(0, value.find_first_not_of(' '));
    value.erase(value.find_last_not_of("\r ") + 1);
    ask.headers[name] = value;
  }
  return ask;
}

}  // namespace

ScriptedAnswer answer(int status, const std::vector<std::string>& headers, const std::string& body) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " x\r\n";
  for (const auto& header : headers)
    bytes += header + "\r\n";
  return {bytes + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body, false, false};
}

HttpScript::HttpScript(std::function<ScriptedAnswer(const ScriptedAsk&)> script)
    : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size);
  ::listen(listener_, 64);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

HttpScript::HttpScript(std::function<ScriptedAnswer(const ScriptedAsk&)> script,
                       const kernel::test::Issued& certificate)
    : HttpScript(std::move(script)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to whom has gone
  // Nobody was told the port yet.
  tls_ = {SSL_CTX_new(TLS_server_method()), &SSL_CTX_free};
  SSL_CTX_use_certificate(tls_.get(), certificate.certificate.get());
  SSL_CTX_use_PrivateKey(tls_.get(), certificate.key.get());
}

HttpScript::HttpScript(const std::string& socket, std::function<ScriptedAnswer(const ScriptedAsk&)> script)
    : script_(std::move(script)) {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  ::listen(listener_, 64);
  thread_ = std::thread([this] { serve(); });
}

HttpScript::~HttpScript() {
  ending_ = true;
  thread_.join();
  for (auto& talk : talks_)
    talk.join();
  ::close(listener_);
}

std::vector<ScriptedAsk> HttpScript::asks() const {
  const std::lock_guard lock(mutex_);
  return asks_;
}

void HttpScript::serve() {
  while (!ending_) {
    pollfd entry{listener_, POLLIN, 0};
    if (::poll(&entry, 1, kTickMs) <= 0) continue;
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) talks_.emplace_back([this, fd] { talk(fd); });
  }
}

void HttpScript::talk(int fd) {
  std::string read;
  const Line line(fd, tls_.get());
  while (line.isOpen() && !ending_) {
    if (!line.hasMore()) continue;
    std::array<char, 4096> piece{};
    const auto got = line.hear(piece.data(), piece.size());
    if (got <= 0) break;
    read.append(piece.data(), static_cast<std::size_t>(got));
    const auto end = read.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    auto ask = parse(read.substr(0, end));
    const auto length = ask.headers.find("content-length");
    const auto size = length == ask.headers.end() ? 0 : std::stoul(length->second);
    if (read.size() < end + 4 + size) continue;
    ask.body = read.substr(end + 4, size);
    read.erase(0, end + 4 + size);
    {
      const std::lock_guard lock(mutex_);
      asks_.push_back(ask);
    }
    auto answer = script_(ask);
    // A HEAD has no body.
    if (ask.method == "HEAD" && !answer.endless && answer.bytes.find("\r\n\r\n") != std::string::npos)
      answer.bytes.erase(answer.bytes.find("\r\n\r\n") + 4);
    if (!line.say(answer.bytes)) break;
    if (answer.tunnel_to != 0) {
      carry(fd, answer.tunnel_to);
      break;
    }
    const auto more =
        answer.bytes.substr(answer.bytes.size() - std::min<std::size_t>(answer.bytes.size(), 1024));
    while (answer.endless && !ending_ && line.say(more)) {
    }
    while (answer.silent && !ending_)
      ::poll(nullptr, 0, kTickMs);
    if (answer.endless || answer.silent) break;
  }
  ::close(fd);
}

void HttpScript::carry(int near, int port) const {
  const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool is_open = ::connect(far, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  std::array<pollfd, 2> ends{{{near, POLLIN, 0}, {far, POLLIN, 0}}};
  while (is_open && !ending_) {
    if (::poll(ends.data(), ends.size(), kTickMs) <= 0) continue;
    for (std::size_t from = 0; from < ends.size() && is_open; ++from) {
      if (ends[from].revents == 0) continue;
      std::array<char, 16384> piece{};
      const auto got = ::read(ends[from].fd, piece.data(), piece.size());
      is_open = got > 0 &&
                ::send(ends[1 - from].fd, piece.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) == got;
    }
  }
  ::close(far);
}

}  // namespace redflag::test
