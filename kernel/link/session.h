#pragma once
// Everything that lives as long as one enrolment: the agent's key, the record of orders, and the threads that
// talk.

#include <memory>

#include "identity/identity.h"
#include "link/access.h"
#include "link/contact.h"
#include "link/doorbell.h"
#include "link/key_changer.h"
#include "link/link.h"
#include "link/order_desk.h"
#include "link/server_connection.h"
#include "link/server_places.h"
#include "link/uplink.h"
#include "link/wake.h"
#include "trust/command_trust.h"

namespace redflag::kernel {

class Session {
 public:
  // All outlive the session.
  struct Parts {
    const LinkSettings& settings;
    const IdentityStore& store;
    const Proxy& proxy;
    Spool& spool;
    Scanner& scanner;
    OrderRunner* runner;  // nullptr in mode report
    const Clock& clock;
    ServerClock& server_clock;
    Contact& contact;
    AgentControl* agent;                      // nullptr: orders can do nothing to the agent itself
    std::function<void()> key_replaced = {};  // this session uses a key that is over: open another one
  };
  // Does nothing yet. Fails when identity or key cannot be used; a lost record of orders only stops orders.
  static Result<std::shared_ptr<Session>> open(const Parts& parts);
  ~Session() { stop(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start();
  void stop();

  bool onExecutor(const OrderEvent& event) { return desk_->onExecutor(event); }
  Wake& wake() { return wake_; }
  std::uint64_t refusedOrders() const { return reports_.refused(); }

 private:
  Session(const Parts& parts, Identity identity, protocol::SigningKey key, TlsTrust trust);
  void openOrders(const Parts& parts);

  Identity identity_;
  protocol::SigningKey key_;
  KeyRotation rotation_;
  Access access_;
  Endpoint endpoint_;
  KeyChanger changer_;
  OrderReports reports_;
  Wake wake_;
  CommandTrust trust_;
  ServerPlaces places_;
  std::unique_ptr<OrderJournal> journal_;  // nullptr: lost
  std::unique_ptr<OrderGate> gate_;
  std::unique_ptr<OrderQueue> queue_;
  std::unique_ptr<OrderDesk> desk_;
  std::unique_ptr<Uplink> uplink_;
  std::unique_ptr<Doorbell> doorbell_;
};

}  // namespace redflag::kernel
