#include "executor/server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include "executor/channel.h"
#include "executor/event_queue.h"
#include "executor/log.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxConnections = 8;
constexpr std::int64_t kAcceptTickNs = kSecondNs;
constexpr std::int64_t kIdleNs = 30 * kSecondNs;
constexpr std::int64_t kSendNs = 10 * kSecondNs;
constexpr std::int64_t kStreamTickNs = kSecondNs / 4;

}  // namespace

Result<std::unique_ptr<ExecutorServer>> ExecutorServer::listen(Executor& executor,
                                                               const std::filesystem::path& socket,
                                                               std::uint32_t kernel_uid,
                                                               const std::string& group) {
  auto listener = platform::LocalListener::listen(socket, 0660, group);
  if (!listener) return tl::unexpected<Error>(listener.error());
  return std::unique_ptr<ExecutorServer>(new ExecutorServer(executor, std::move(*listener), kernel_uid));
}

ExecutorServer::ExecutorServer(Executor& executor, platform::LocalListener listener, std::uint32_t kernel_uid)
    : executor_(executor),
      listener_(std::move(listener)),
      kernel_uid_(kernel_uid),
      acceptor_([this] { acceptAll(); }) {}

ExecutorServer::~ExecutorServer() {
  stop_ = true;
  listener_.wake();
  acceptor_.join();
  for (Connection& connection : connections_) {
    shutdown(connection.stream.descriptor(), SHUT_RDWR);
    connection.thread.join();
  }
}

void ExecutorServer::acceptAll() {
  while (!stop_) {
    auto stream = listener_.accept(kAcceptTickNs);
    dropFinished();
    if (!stream) logLine("error", "the socket: " + stream.error().text);
    if (stream && *stream) admit(std::move(**stream));
  }
}

void ExecutorServer::dropFinished() {
  for (auto it = connections_.begin(); it != connections_.end();) {
    if (!it->over) {
      ++it;
      continue;
    }
    it->thread.join();
    it = connections_.erase(it);
  }
}

void ExecutorServer::admit(platform::LocalStream stream) {
  const auto peer = stream.peer();
  if (!peer) return reject(peer.error().text);
  if (peer->uid != kernel_uid_)
    return reject(fmt::format("user {} (process {}) is not listened to", peer->uid, peer->pid));
  if (connections_.size() >= kMaxConnections) return reject("too many connections");
  Connection& connection = connections_.emplace_back(std::move(stream));
  connection.thread = std::thread([this, &connection] {
    serve(connection.stream);
    shutdown(connection.stream.descriptor(), SHUT_RDWR);  // the peer need not wait until we are joined
    connection.over = true;
  });
}

void ExecutorServer::reject(const std::string& why) {
  executor_.countRejectedConnection();
  logLine("warning", "a connection is cut off: " + why);
}

void ExecutorServer::serve(platform::LocalStream& connection) {
  while (!stop_) {
    const auto request = receiveMessage(connection, kMaxExecutorRequest, kIdleNs);
    if (!request) return stop_ ? void() : reject(request.error().text);
    if (!*request) return;
    if (**request == Json{{"op", "attach"}}) return stream(connection);
    if (!sendMessage(connection, executor_.handle(**request), kSendNs)) return;
  }
}

void ExecutorServer::stream(platform::LocalStream& connection) {
  EventQueue queue;
  const auto id = executor_.attach([&queue](const Json& event) { queue.push(event); });
  while (!stop_ && !queue.overrun()) {
    const auto event = queue.pop(kStreamTickNs);
    if (event && !sendMessage(connection, *event, kSendNs)) break;
    if (!event && waitReadable(connection, 0)) break;  // closed, or it talks where it should listen
  }
  executor_.detach(id);
}

}  // namespace redflag::kernel
