#pragma once
// Answers the people of this machine who may ask: root, the agent's user and the group of the socket. One
// JSON object a question, one a connection; too long, too slow or too many at once are turned away.

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "base/json.h"
#include "base/result.h"
#include "platform/local_socket.h"

namespace redflag::kernel {

class LocalServer {
 public:
  // From several threads at once. An error is told to who asked.
  using Handler = std::function<Result<Json>(const Json& request)>;

  static Result<std::unique_ptr<LocalServer>> start(const std::filesystem::path& socket, Handler handler);
  ~LocalServer();  // ends what runs, at most two seconds
  LocalServer(const LocalServer&) = delete;
  LocalServer& operator=(const LocalServer&) = delete;

 private:
  LocalServer(platform::LocalListener listener, Handler handler)
      : listener_(std::move(listener)), handler_(std::move(handler)) {}
  void run();
  void answer(platform::LocalStream stream) const;

  platform::LocalListener listener_;
  Handler handler_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace redflag::kernel
