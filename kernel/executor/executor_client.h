#pragma once
// The kernel's side of the executor's socket. The kernel hands envelopes over as they came; whether they are
// carried out is the executor's own decision.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace redflag::kernel {

struct OrderEvent {
  std::string event;       // accepted | refused | running | progress | log | result | error (of its own)
  std::string command_id;  // may be empty in `refused`: the envelope could not be read, or it is no order's
  std::string id;          // accepted, running, result: the same each time it is sent again
  std::int64_t at_ns = 0;
  std::string state;               // result: succeeded | failed | refused | cancelled
  std::string code;                // refused, result, error: protocol/refused.h, "install.*", a plugin's own
  std::string text;                // refused, result, error, progress: for people
  int percent = -1;                // progress
  Json results = Json::array();    // result: one value for each action of the order
  std::vector<std::string> lines;  // log: raw output, may be thinned
};

class ExecutorClient {
 public:
  // False: it could not be kept. The client connects again then, so that it is told again.
  using Callback = std::function<bool(const OrderEvent&)>;

  // `patience_ns`: how long nobody may answer at the socket before that is an error.
  explicit ExecutorClient(std::filesystem::path socket, std::int64_t patience_ns = 120 * kSecondNs)
      : socket_(std::move(socket)), patience_ns_(patience_ns) {}
  ExecutorClient(const ExecutorClient&) = delete;
  ExecutorClient& operator=(const ExecutorClient&) = delete;
  // Ends the thread of attach(); no callback runs afterwards.
  ~ExecutorClient();

  // All block for at most twenty seconds, may be called from any thread, and answer kUnavailable when no
  // executor is there or it could not write its journal: nothing was accepted, try again later.

  // What became of it: accepted; refused; or, for an order it already knows, its present state. kLimit: as
  // many wait as it takes; it takes more when one has ended.
  // `trust`: CommandTrust::files(), from which the executor verifies for itself whose orders it takes.
  Result<OrderEvent> submit(const Json& envelope, const Json& trust);
  // True when the order will not run (any more); false when it is unknown, runs or has ended.
  Result<bool> cancel(const std::string& command_id);
  // The result is safe with us: it is not sent again.
  Result<> ack(const std::string& command_id);
  // {"version","config":{"state","text"},"trust","queued","running","refused","rejected_connections"}
  Result<Json> status();

  // Once. A thread of its own calls back the present state of every order whose result was not acknowledged,
  // and then everything as it happens; when the connection is lost it connects again and begins anew. Where
  // nobody answers for long, that is told as an error, `executor.unreachable`, again each hour.
  void attach(Callback callback);

 private:
  Result<Json> ask(const Json& request) const;
  void follow(const Callback& callback);
  bool followOnce(const Callback& callback);
  OrderEvent unreachable() const;
  bool pauseFor(std::int64_t ns);

  const std::filesystem::path socket_;
  const std::int64_t patience_ns_;
  std::atomic<bool> stopping_ = false;
  std::thread follower_;
};

}  // namespace redflag::kernel
