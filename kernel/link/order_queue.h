#pragma once
// Carries out the kernel's own orders, one after the other, and the scans that prove installs. Every order
// has one outcome: it is journaled, then spooled; after a crash an order without one is run again, an outcome
// that was not spooled is. Threads: any.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/time.h"
#include "link/kernel_actions.h"
#include "link/order_reports.h"
#include "trust/order_journal.h"

namespace redflag::kernel {

class OrderQueue {
 public:
  struct Parts {
    OrderJournal& journal;
    OrderReports& reports;
    Scanner& scanner;
    KernelActions::Cancel cancel_elsewhere;  // an order that is not the kernel's
    const Clock& clock;
    AgentControl* agent = nullptr;  // nullptr: orders can do nothing to the agent itself
    KernelActions::RotateKeys rotate_keys = {};
  };
  explicit OrderQueue(Parts parts);
  ~OrderQueue() { stop(); }
  OrderQueue(const OrderQueue&) = delete;
  OrderQueue& operator=(const OrderQueue&) = delete;

  // Takes up what a former run left, and begins.
  void start();
  // Waits for the order that runs; the rest is found again by start().
  void stop();

  // An order that the journal has accepted.
  void add(const OrderRecord& record);
  // Runs it on the calling thread: cancelling must not wait behind what it cancels.
  void runNow(const OrderRecord& record);
  // The scan that proves what the executor's order did; due in the journal.
  void addVerify(const OrderRecord& record);
  // False when it is not waiting here.
  bool cancel(const std::string& command_id);
  // Puts outcomes into the spool that it did not take before.
  void report();

 private:
  struct Task {
    OrderRecord record;
    bool verify = false;
  };
  void work();
  void execute(const OrderRecord& record);
  // nullopt: it is stopped, and goes on at the next start.
  std::optional<StateReport> carryOut(const protocol::Envelope& envelope);
  void log(const StateReport& report, const std::string& action, const std::string& from);
  void verify(const OrderRecord& record);
  void finish(const StateReport& report, const std::string& action, const std::string& from);

  Parts parts_;
  KernelActions actions_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  bool stopping_ = false;
  std::thread worker_;
};

}  // namespace redflag::kernel
