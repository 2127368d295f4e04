#include "executor/server.h"

#include "executor/event_queue.h"
#include "executor/messages.h"
#include "local/channel.h"

namespace redflag::kernel {
namespace {

constexpr std::size_t kMaxConnections = 8;
constexpr std::int64_t kIdleNs = 30 * kSecondNs;
constexpr std::int64_t kSendNs = 10 * kSecondNs;
constexpr std::int64_t kStreamTickNs = kSecondNs / 4;

void streamEvents(Executor& executor, platform::LocalStream& stream, const std::atomic<bool>& stopping) {
  EventQueue queue;
  const auto id = executor.attach([&queue](const Json& event) { queue.push(event); });
  while (!stopping && !queue.overrun()) {
    const auto event = queue.pop(kStreamTickNs);
    if (event && !sendMessage(stream, *event, kSendNs)) break;
    if (!event && waitReadable(stream, 0)) break;  // closed, or it talks where it should listen
  }
  executor.detach(id);
}

std::string serve(Executor& executor, platform::LocalStream& stream, const std::atomic<bool>& stopping) {
  while (!stopping) {
    const auto request = receiveMessage(stream, kMaxExecutorRequest, kIdleNs);
    if (!request) return request.error().text;
    if (!*request) break;
    if (**request == Json{{"op", "attach"}}) {
      streamEvents(executor, stream, stopping);
      break;
    }
    if (!sendMessage(stream, executor.handle(**request), kSendNs)) break;
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<LocalService>> listenForOrders(Executor& executor, const std::filesystem::path& socket,
                                                      std::uint32_t kernel_uid, const std::string& group) {
  LocalService::Parts parts;
  parts.uid = kernel_uid;
  parts.max_connections = kMaxConnections;
  parts.serve = [&executor](platform::LocalStream& stream, const std::atomic<bool>& stopping) {
    return serve(executor, stream, stopping);
  };
  parts.rejected = [&executor](const std::string& why) { executor.connectionRejected(why); };
  auto listener = platform::LocalListener::listen(socket, 0660, group);
  if (!listener) return tl::unexpected<Error>(listener.error());
  return std::make_unique<LocalService>(std::move(*listener), std::move(parts));
}

}  // namespace redflag::kernel
