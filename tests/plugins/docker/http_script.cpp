#include "http_script.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>

namespace redflag::test {
namespace {

constexpr int kTickMs = 20;

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
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd >= 0) talks_.emplace_back([this, fd] { talk(fd); });
  }
}

void HttpScript::talk(int fd) {
  std::string read;
  const auto say = [fd](const std::string& bytes) {
    return ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  };
  while (!ending_) {
    pollfd entry{fd, POLLIN, 0};
    if (::poll(&entry, 1, kTickMs) <= 0) continue;
    std::array<char, 4096> piece{};
    const auto got = ::read(fd, piece.data(), piece.size());
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
    if (!say(answer.bytes)) break;
    const auto more =
        answer.bytes.substr(answer.bytes.size() - std::min<std::size_t>(answer.bytes.size(), 1024));
    while (answer.endless && !ending_ && say(more)) {
    }
    while (answer.silent && !ending_)
      ::poll(nullptr, 0, kTickMs);
    if (answer.endless || answer.silent) break;
  }
  ::close(fd);
}

}  // namespace redflag::test
