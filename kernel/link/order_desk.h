#pragma once
// Where fetched envelopes arrive: checked, journaled, and handed to whoever carries them out. Repeats are
// answered from the journal. Threads: take() from one; the executor's events come on theirs.

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "link/order_queue.h"
#include "link/order_reports.h"
#include "link/order_runner.h"
#include "policy/policy.h"
#include "spool/spool.h"
#include "trust/order_gate.h"

namespace redflag::kernel {

class OrderDesk {
 public:
  struct Parts {
    const OrderGate& gate;
    OrderJournal* journal;  // nullptr: lost, the gate refuses everything
    OrderQueue* queue;      // nullptr with the journal
    OrderReports& reports;
    Spool& spool;
    Scanner& scanner;
    OrderRunner* runner;  // nullptr in mode report: what would change the machine is refused
    // The owner's policy at this moment; empty: only the executor asks it.
    std::function<Policy()> policy = {};
    const Clock& clock = systemClock();
    // What the executor verifies the list of command keys from.
    std::function<Json()> trust_files = [] { return Json(); };
    // The executor has room again: what was handed out and not taken is to be fetched anew.
    std::function<void()> room = [] {};
  };
  explicit OrderDesk(Parts parts) : parts_(parts) {}

  // False: not now (the spool, the queue or the executor is full, or that is not there); the server will hand
  // it out again.
  bool take(const Json& transport);
  // As many orders wait as the executor takes, so that asking for more is of no use until room() is called;
  // or until ten minutes are over, should it never tell that one has ended. [any thread]
  bool executorFull() const;
  // What the executor says about an order of its own. False: it could not be kept, and has to be said again.
  bool onExecutor(const OrderEvent& event);

 private:
  // Whose order it is; nullopt when it was refused as nobody's or everybody's.
  std::optional<RunBy> runnerOf(const protocol::Envelope& envelope);
  bool acceptForKernel(const protocol::Envelope& envelope);
  bool handToExecutor(const CheckedOrder& order, const Json& transport);
  void answerAgain(const OrderRecord& record);
  void refuse(const protocol::Envelope& envelope, const char* code, const std::string& text);
  OrderRecord recordOf(const protocol::Envelope& envelope, OrderRecord::Runner runner) const;
  std::optional<OrderRecord> recorded(const std::string& command_id);
  bool onResult(const OrderEvent& event);
  Result<> putExecutorState(const OrderEvent& event, const std::string& state);

  Parts parts_;
  std::string told_waiting_;                     // why orders wait, as the log has it
  std::atomic<std::int64_t> full_until_ns_ = 0;  // monotonic
  std::int64_t slow_until_ns_ = 0;               // monotonic; take()'s
  std::mutex results_;  // the same result may come as an answer and as an event at once
};

}  // namespace redflag::kernel
