#include "agent/local_server.h"

#include <chrono>

#include "base/log.h"
#include "base/time.h"

namespace redflag::kernel {
namespace {

constexpr std::uint32_t kSocketMode = 0660;
constexpr const char* kAdminGroup = "redflag-admin";
constexpr std::size_t kMaxRequestBytes = 64U << 10U;
constexpr std::int64_t kPatienceNs = 2 * kSecondNs;
constexpr std::int64_t kLongWaitNs = 3600 * kSecondNs;
constexpr auto kAfterError = std::chrono::seconds(1);
constexpr JsonLimits kRequestLimits{.bytes = kMaxRequestBytes, .depth = 4, .values = 1000};

Json errorJson(const Error& error) {
  return {{"error", error.text}, {"code", codeName(error.code)}};
}

}  // namespace

Result<std::unique_ptr<LocalServer>> LocalServer::start(const std::filesystem::path& socket,
                                                        Handler handler) {
  auto listener = platform::LocalListener::listen(socket, kSocketMode, kAdminGroup);
  if (!listener) return tl::unexpected<Error>(listener.error());
  std::unique_ptr<LocalServer> server(new LocalServer(std::move(*listener), std::move(handler)));
  server->thread_ = std::thread([raw = server.get()] { raw->run(); });
  return server;
}

LocalServer::~LocalServer() {
  stopping_ = true;
  listener_.wake();
  if (thread_.joinable()) thread_.join();
}

// One after the other: each question is answered from memory, and nobody holds the line for longer than two
// seconds.
void LocalServer::run() {
  while (!stopping_) {
    auto stream = listener_.accept(kLongWaitNs);
    if (!stream) {
      // No descriptor is left, or no memory: that passes, and who asks is still there.
      spdlog::error("local: local.failed: the local socket failed: {}", stream.error().text);
      std::this_thread::sleep_for(kAfterError);
      continue;
    }
    if (*stream && !stopping_) answer(std::move(**stream));
  }
}

void LocalServer::answer(platform::LocalStream stream) const {
  const auto request = stream.receive(kMaxRequestBytes, kPatienceNs);
  if (!request) {
    const auto peer = stream.peer();
    spdlog::warn("a local request of user {} was refused: {}", peer ? std::to_string(peer->uid) : "?",
                 request.error().text);
    return;
  }
  if (!*request) return;
  const auto json = parseJson(**request, kRequestLimits);
  const auto answer = json ? handler_(*json) : Result<Json>(tl::unexpected<Error>(json.error()));
  if (auto sent = stream.send(dumpJson(answer ? *answer : errorJson(answer.error())), kPatienceNs); !sent) {
    spdlog::debug("a local answer was not taken: {}", sent.error().text);
  }
}

}  // namespace redflag::kernel
