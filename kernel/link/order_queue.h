#pragma once
// Carries out the kernel's own orders, one after the other, and the scans that prove installs. Every order
// has one outcome: it is journaled, then spooled; after a crash an order without one is run again, an outcome
// that was not spooled is. What the disk does not take now is tried again. Threads: any.

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

  // So much waits that no more should be accepted now.
  bool full();
  // An order that the journal has accepted.
  void add(const OrderRecord& record);
  // Runs it on the calling thread: cancelling must not wait behind what it cancels.
  void runNow(const OrderRecord& record);
  // The scan that proves what the executor's order did; due in the journal.
  void addVerify(const OrderRecord& record);
  // False when it is not waiting here.
  bool cancel(const std::string& command_id);
  // Called now and then: outcomes that journal or spool did not take before, proofs whose scan was lost; once
  // a day the journal forgets what is long over.
  void report();

 private:
  struct Task {
    OrderRecord record;
    bool verify = false;
    std::int64_t since_ns = 0;      // monotonic
    std::int64_t valid_for_ns = 0;  // from then on, by the clock of that moment
  };
  struct Ended {
    StateReport report;  // without its results
    std::string item;
    std::string action;
    std::string from;
  };
  Task taskOf(const OrderRecord& record) const;
  void work();
  void execute(const Task& task);
  protocol::Verdict<> stillValid(const Task& task, const protocol::Envelope& envelope) const;
  // nullopt: it is stopped, and goes on at the next start.
  std::optional<StateReport> carryOut(const protocol::Envelope& envelope);
  void log(const StateReport& report, const std::string& action, const std::string& from);
  void verify(const OrderRecord& record);
  void finish(StateReport report, const std::string& action, const std::string& from);
  bool writeDown(Ended ended);
  void takeUpAgain();
  void tellOutcomes();
  void forgetOld();

  Parts parts_;
  KernelActions actions_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  std::vector<Ended> unwritten_;       // the journal did not take their outcome
  std::vector<OrderRecord> unproven_;  // the scan that proves them was lost
  std::int64_t forget_at_ns_ = 0;      // monotonic
  bool stopping_ = false;
  std::thread worker_;
};

}  // namespace redflag::kernel
