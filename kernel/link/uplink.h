#pragma once
// The thread that asks: fetches orders when the doorbell rang, uploads what the spool holds.

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "link/backoff.h"
#include "link/contact.h"
#include "link/link.h"
#include "link/order_desk.h"
#include "link/server_connection.h"
#include "link/server_places.h"
#include "link/uploader.h"
#include "link/wake.h"
#include "trust/command_trust.h"

namespace redflag::kernel {

class Uplink {
 public:
  struct Parts {
    const LinkSettings& settings;
    const Endpoint& endpoint;
    Spool& spool;
    Scanner& scanner;
    OrderDesk& desk;
    OrderQueue* queue;  // nullptr with a lost record of orders
    Contact& contact;
    Wake& wake;  // rung by the spool
    CommandTrust& trust;
    OrderReports& reports;
    ServerPlaces& places;
  };
  explicit Uplink(Parts parts);
  ~Uplink() { stop(); }
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  void start();
  void halt();  // ends what runs; does not wait
  void stop();  // and waits

  // The doorbell rang, or was just connected: there may be orders, and the server is there. [any thread]
  void fetchSoon();

 private:
  void run();
  bool workDue() const;
  bool maySend() const;
  void attempt();
  Answer<bool> talk();
  Answer<bool> fetch();
  Answer<bool> refreshTrust();
  void tellDistrust();
  Answer<bool> handTrustBack();
  void tick();
  void reportStatus();
  void noteRejections(const std::vector<Uploader::Rejection>& rejections);
  void fetchRest();

  Parts parts_;
  ServerConnection connection_;
  Uploader uploader_;
  Backoff backoff_;
  std::atomic<bool> fetch_wanted_ = false;
  std::atomic<bool> try_now_ = false;
  std::int64_t fetch_again_ns_;     // monotonic: a ring may be lost
  std::int64_t held_until_ns_ = 0;  // monotonic: nothing is sent before, a person has to look at this agent
  bool fetch_later_ = false;        // an order could not be taken: ask again at the next tick
  bool fetch_rest_ = false;         // there may be more: ask when the server knows that these were accepted
  std::string told_status_;
  bool settings_wanted_ = true;  // false: an older server takes no status that tells them
  std::string distrust_;         // why the server's trust repository is not believed; "" while it is
  std::string told_distrust_;
  std::thread thread_;
};

}  // namespace redflag::kernel
