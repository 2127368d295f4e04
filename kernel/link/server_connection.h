#pragma once
// One thread's connection to whichever of the server's addresses answers. Threads: one owner; interrupt()
// from any.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "identity/identity.h"
#include "link/server_api.h"

namespace redflag::kernel {

// What the connections of one enrolment have in common; outlives them.
struct Endpoint {
  const Identity& identity;
  const protocol::SigningKey& key;
  TlsTrust trust;
  Proxy proxy;
  HttpTimes times;
  ServerClock& clock;
  Access& access;
};

class ServerConnection {
 public:
  explicit ServerConnection(const Endpoint& endpoint) : endpoint_(endpoint) { connect(); }

  ServerApi& api() { return *api_; }
  const std::string& url() const { return endpoint_.identity.urls[index_]; }
  // After a failure: the next address, a new connection.
  void rotate() {
    index_ = (index_ + 1) % endpoint_.identity.urls.size();
    connect();
  }
  void interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    api_->interrupt();
  }

 private:
  void connect() {
    auto client = std::make_unique<HttpsClient>(url(), endpoint_.trust, endpoint_.proxy, endpoint_.times);
    auto api = std::make_unique<ServerApi>(
        std::move(client),
        Signer{endpoint_.identity.agent_id, endpoint_.key, endpoint_.clock, &endpoint_.access});
    const std::lock_guard lock(mutex_);
    if (interrupted_) api->interrupt();
    api_ = std::move(api);
  }

  const Endpoint& endpoint_;
  std::size_t index_ = 0;
  std::mutex mutex_;  // of replacing api_ against interrupt()
  bool interrupted_ = false;
  std::unique_ptr<ServerApi> api_;
};

}  // namespace redflag::kernel
