#pragma once
// The server's own work: carries out what is scheduled and what profiles wish, settles commands when one has
// ended, gives up on those nobody accepted, notices silence, signs the trust repository again, forgets what
// is old. One thread, woken by what happens, and every few seconds for what only time brings.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "services/ignores.h"
#include "services/orders.h"
#include "services/policies.h"
#include "services/preparations.h"
#include "services/presence.h"
#include "services/profile_keeper.h"
#include "services/schedule_runner.h"
#include "services/settlement.h"
#include "services/windows.h"

namespace redflag::services {

class Upkeep {
 public:
  Upkeep(const Context& context, Orders& orders, ScheduleRunner& schedules, Settlement& settlement,
         Presence& presence, Ignores& ignores, Policies& policies, Windows& windows, ProfileKeeper& profiles,
         Preparations& preparations)
      : context_(context),
        orders_(orders),
        schedules_(schedules),
        settlement_(settlement),
        presence_(presence),
        ignores_(ignores),
        policies_(policies),
        windows_(windows),
        profiles_(profiles),
        preparations_(preparations) {}
  ~Upkeep() { stop(); }
  Upkeep(const Upkeep&) = delete;
  Upkeep& operator=(const Upkeep&) = delete;

  void start();
  void stop();
  void wake();  // something has ended [any thread]

  // One round, for whoever has no thread: settle, sweep, and prune when it is time.
  void round();

 private:
  void loop();
  void part(const char* name, const std::function<void()>& work);
  void ringForTrust();
  void prune();
  void giveBack();
  bool pruneSome(std::int64_t now);
  bool stopping();
  bool pause(std::chrono::milliseconds time);

  const Context& context_;
  Orders& orders_;
  ScheduleRunner& schedules_;
  Settlement& settlement_;
  Presence& presence_;
  Ignores& ignores_;
  Policies& policies_;
  std::shared_ptr<const trust::PublishedTrust> rung_for_;  // what the connected agents have heard of
  bool trust_was_away_ = false;                            // and orders were held back meanwhile
  Windows& windows_;
  ProfileKeeper& profiles_;
  Preparations& preparations_;
  std::int64_t pruned_at_ = 0;
  std::int64_t gave_back_ns_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool woken_ = false;
  std::thread thread_;
};

}  // namespace redflag::services
