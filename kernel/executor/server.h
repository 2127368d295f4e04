#pragma once
// The executor's socket. Only one user is listened to: the kernel's, as the system names it, not as the peer
// says. Whoever breaks the protocol is cut off, counted and logged.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <list>
#include <string>
#include <thread>

#include "executor/executor.h"
#include "platform/local_socket.h"

namespace redflag::kernel {

class ExecutorServer {
 public:
  // `group`: of the socket, mode 0660. kConflict when another executor listens there.
  static Result<std::unique_ptr<ExecutorServer>> listen(Executor& executor,
                                                        const std::filesystem::path& socket,
                                                        std::uint32_t kernel_uid, const std::string& group);
  ~ExecutorServer();  // cuts every connection off and waits for its thread
  ExecutorServer(const ExecutorServer&) = delete;
  ExecutorServer& operator=(const ExecutorServer&) = delete;

 private:
  struct Connection {
    explicit Connection(platform::LocalStream taken) : stream(std::move(taken)) {}
    platform::LocalStream stream;
    std::atomic<bool> over = false;
    std::thread thread;
  };

  ExecutorServer(Executor& executor, platform::LocalListener listener, std::uint32_t kernel_uid);
  void acceptAll();
  void admit(platform::LocalStream stream);
  void dropFinished();
  void reject(const std::string& why);
  void serve(platform::LocalStream& stream);
  void stream(platform::LocalStream& stream);

  Executor& executor_;
  platform::LocalListener listener_;
  std::uint32_t kernel_uid_;
  std::atomic<bool> stop_ = false;
  std::list<Connection> connections_;  // touched by the accepting thread alone
  std::thread acceptor_;
};

}  // namespace redflag::kernel
