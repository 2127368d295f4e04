#pragma once
// The agent's connection to its server: uploads what the spool holds, keeps a doorbell open, fetches and
// hands on orders. Starts before there is an enrolment and waits for one. Threads: any; start() and stop()
// from one.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "identity/fingerprint.h"
#include "link/backoff.h"
#include "link/https_client.h"
#include "policy/policy.h"
#include "schedule/scanner.h"
#include "spool/spool.h"

namespace redflag::kernel {

class AgentControl;
class OrderRunner;

struct LinkSettings {
  std::filesystem::path state;           // identity and the record of orders live below it
  std::filesystem::path enrolment_file;  // a bundle to enrol with; removed after use; "" for none
  std::string proxy = "none";            // none | system | http://host:port
  std::string mode = "report";           // report | act
  // The owner's policy at this moment, from any thread; empty: only the executor asks it.
  std::function<Policy()> policy = {};
  MarkReader marks = ownMarks();  // what the agent's key is bound to
  HttpTimes times;
  BackoffLimits backoff;
  std::int64_t doorbell_idle_ns = 180 * kSecondNs;  // silence after which the doorbell counts as dead
  std::int64_t gather_ns = kSecondNs / 4;           // how long items gather before an upload
  std::int64_t tick_ns = 30 * kSecondNs;            // how often what had to wait is tried again
  std::int64_t refetch_ns = 3'600 * kSecondNs;      // how often orders and list are asked for without a ring
  std::int64_t longest_return_ns = 5 * kSecondNs;   // spread of reconnects after a server closed the doorbell
  // Between doorbells that were answered and soon cut: the server is there, and the agent deaf meanwhile.
  BackoffLimits doorbell_cut = {.longest_ns = 30 * kSecondNs};
};

class Link {
 public:
  // `runner`: who carries out what changes the machine; nullptr in mode report. `agent`: what orders may do
  // to the agent itself; nullptr: nothing. It outlives the link.
  Link(LinkSettings settings, Spool& spool, Scanner& scanner, std::unique_ptr<OrderRunner> runner,
       const Clock& clock = systemClock(), AgentControl* agent = nullptr);
  ~Link();  // stops
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // kInvalid: the proxy setting. Everything else is retried in the background and shown by status().
  Result<> start();
  // Ends what runs; at most ten seconds where a connect hangs. An order that scans is waited for: make
  // Scanner::scan() return first.
  void stop();

  // {"state": not_enrolled|not_bound|starting|connected|backing_off|refused|revoked|stopped, "agent_id",
  // "server", "doorbell": open|closed,
  //  "last_contact", "last_error", "last_error_request_id": as the server's log has it, "failures",
  //  "breaker": closed|open, "next_attempt_s", "clock_offset_s", "binding": what the key is bound to,
  //  {"text","weak"}, or null, "spooled", "rejected", "last_rejection", "orders": ok|lost|waiting, "held":
  //  null or {"state", "reason"}: why the server gives this agent no orders, "distrust": why none of it would
  //  be believed, or "", "refused_orders": since the start}
  Json status() const;
  // Something of Scanner::status() may have changed: the server is told if it has.
  void statusChanged();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace redflag::kernel
