#pragma once
// Whoever carries out orders that change the machine. The executor's client is the one there is; tests have
// their own.

#include <filesystem>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "executor/executor_client.h"

namespace redflag::kernel {

class OrderRunner {
 public:
  virtual ~OrderRunner() = default;
  // As in executor/executor_client.h.
  virtual Result<OrderEvent> submit(const Json& envelope, const Json& trust) = 0;
  virtual Result<bool> cancel(const std::string& command_id) = 0;
  virtual Result<> ack(const std::string& command_id) = 0;
  // Once; the callback may come from any thread until the runner is gone. False: it has to be told again.
  virtual void attach(std::function<bool(const OrderEvent&)> callback) = 0;
};

class ExecutorRunner : public OrderRunner {
 public:
  explicit ExecutorRunner(const std::filesystem::path& socket) : client_(socket) {}
  Result<OrderEvent> submit(const Json& envelope, const Json& trust) override {
    return client_.submit(envelope, trust);
  }
  Result<bool> cancel(const std::string& command_id) override { return client_.cancel(command_id); }
  Result<> ack(const std::string& command_id) override { return client_.ack(command_id); }
  void attach(std::function<bool(const OrderEvent&)> callback) override {
    client_.attach(std::move(callback));
  }

 private:
  ExecutorClient client_;
};

}  // namespace redflag::kernel
