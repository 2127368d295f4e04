#include "local/service.h"

#include <chrono>
#include <exception>
#include <system_error>

#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr std::int64_t kAcceptTickNs = kSecondNs;
constexpr std::int64_t kPauseStepNs = kSecondNs / 20;

}  // namespace

LocalService::LocalService(platform::LocalListener listener, Parts parts)
    : parts_(std::move(parts)), listener_(std::move(listener)), acceptor_([this] { acceptAll(); }) {}

LocalService::~LocalService() {
  stopping_ = true;
  listener_.wake();
  acceptor_.join();
  for (Connection& connection : connections_) {
    connection.stream.shutDown();
    connection.thread.join();
  }
}

void LocalService::acceptAll() {
  while (!stopping_) {
    auto stream = listener_.accept(kAcceptTickNs);
    dropFinished();
    if (stream && *stream) admit(std::move(**stream));
    if (stream) continue;
    parts_.rejected("the socket: " + stream.error().text);
    pauseAfterError();
  }
}

// Who waits to be let in is still there, and so is what was missing: trying again at once would be a storm.
void LocalService::pauseAfterError() {
  const std::int64_t until = monotonicNow() + kAcceptTickNs;
  while (!stopping_ && monotonicNow() < until)
    std::this_thread::sleep_for(std::chrono::nanoseconds(kPauseStepNs));
}

void LocalService::dropFinished() {
  for (auto it = connections_.begin(); it != connections_.end();) {
    if (!it->over) {
      ++it;
      continue;
    }
    it->thread.join();
    it = connections_.erase(it);
  }
}

void LocalService::admit(platform::LocalStream stream) {
  const auto peer = stream.peer();
  if (!peer) return parts_.rejected(peer.error().text);
  if (peer->uid != parts_.uid) {
    return parts_.rejected("user " + std::to_string(peer->uid) + " (process " + std::to_string(peer->pid) +
                           ") is not listened to");
  }
  if (connections_.size() >= parts_.max_connections) return parts_.rejected("too many connections");
  Connection& connection = connections_.emplace_back(std::move(stream));
  try {
    connection.thread = std::thread([this, &connection] { serve(connection); });
  } catch (const std::system_error& error) {  // no room for another thread
    connections_.pop_back();
    parts_.rejected(error.what());
  }
}

void LocalService::serve(Connection& connection) {
  try {
    const auto why = parts_.serve(connection.stream, stopping_);
    if (!why.empty() && !stopping_) parts_.rejected(why);
  } catch (const std::exception& error) {  // one connection's trouble: the others go on
    parts_.rejected(error.what());
  }
  connection.stream.shutDown();  // the peer need not wait until we are joined
  connection.over = true;
}

}  // namespace redflag::kernel
