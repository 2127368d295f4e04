#pragma once
// The thread that keeps the doorbell open and comes back when it closes. A server that does not answer is
// tried ever more seldom. One that answered is there, however soon the connection ends: a proxy that cuts
// what is idle, or a server that is started again and again, must make no agent deaf for minutes.

#include <functional>
#include <string>
#include <thread>

#include "link/backoff.h"
#include "link/contact.h"
#include "link/link.h"
#include "link/server_connection.h"
#include "link/wake.h"

namespace redflag::kernel {

class Doorbell {
 public:
  struct Parts {
    const LinkSettings& settings;
    const Endpoint& endpoint;
    Contact& contact;
    std::function<void()> rung;  // also when it has just been connected; on this thread
  };
  explicit Doorbell(Parts parts);
  ~Doorbell() { stop(); }
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void start();
  void halt();  // ends what runs; does not wait
  void stop();  // and waits

 private:
  void run();
  void listenOnce();
  void comeBack(std::int64_t at_least_ns);
  void comeBackFromCut(const std::string& url);

  Parts parts_;
  ServerConnection connection_;
  Backoff backoff_;  // of a server that does not answer
  Backoff cut_;      // of one whose answers end soon
  Wake wake_;
  std::thread thread_;
};

}  // namespace redflag::kernel
