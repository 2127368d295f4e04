#include "support/severed_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace redflag::testing {
namespace {

constexpr const char* kName = ".s.PGSQL.5432";

sockaddr_un addressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error(path + ": too long for a socket");
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

bool forward(int from, int to, std::string& bytes) {
  std::array<char, 65536> buffer;
  const auto got = ::read(from, buffer.data(), buffer.size());
  if (got <= 0) return false;
  bytes.assign(buffer.data(), static_cast<std::size_t>(got));
  return ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL) == got;
}

}  // namespace

SeveredSocket::SeveredSocket(const std::string& target)
    : target_(target), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto address = addressOf(folder_ / kName);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 16) != 0)
    throw std::runtime_error("no socket");
  acceptor_ = std::thread([this] { accept(); });
}

SeveredSocket::~SeveredSocket() {
  stopping_ = true;
  acceptor_.join();
  for (auto& line : lines_)
    line.join();
  ::close(listener_);
}

std::string SeveredSocket::through(const std::string& url) const {
  return url.substr(0, url.find("host=")) + "host=" + folder_.path().string();
}

void SeveredSocket::severBehind(const std::string& text) {
  const std::lock_guard lock(mutex_);
  cut_ = text;
}

bool SeveredSocket::cutsHere(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  return !cut_.empty() && bytes.find(cut_) != std::string::npos;
}

void SeveredSocket::accept() {
  while (!stopping_) {
    pollfd at{listener_, POLLIN, 0};
    if (::poll(&at, 1, 20) != 1) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) lines_.emplace_back([this, client] { pass(client); });
  }
}

void SeveredSocket::pass(int client) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = addressOf(target_);
  bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  std::string bytes;
  while (open && !stopping_) {
    pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (::poll(both, 2, 20) <= 0) continue;
    if (both[1].revents != 0) open = forward(server, client, bytes);
    if (open && both[0].revents != 0) {
      open = forward(client, server, bytes);
      if (open && cutsHere(bytes)) {
        // Long enough for the server to have done it.
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        open = false;
      }
    }
  }
  ::close(client);
  ::close(server);
}

}  // namespace redflag::testing
