#pragma once
// A signed order after its envelope was verified, and what becomes of it.

#include <cstdint>
#include <string>

#include "base/json.h"
#include "executor/trust_file.h"
#include "protocol/command_list.h"
#include "protocol/envelope.h"
#include "protocol/limits.h"

namespace redflag::kernel {

struct Order {
  std::string command_id;  // safe as a file name
  std::string identity;    // protocol::identityHash()
  std::string plugin;
  std::string action;      // "download", "install", "rollback", or one of the plugin's own
  std::string parameters;  // the exact text
  std::string plan_hash;   // 32 raw bytes
  std::int64_t restore_epoch = 0;
  std::int64_t not_before = 0;  // ns since the epoch, as the next
  std::int64_t expires_at = 0;
};

// True for an updater's work (download, install, rollback), which binds a plan; everything else is an action
// of rf.actions/1.
bool bindsPlan(const Order& order);
// Fills the manager's cache and changes nothing that is installed.
bool isDownload(const Order& order);

// How an order ended. `code` and `text` are empty when it succeeded.
struct Outcome {
  std::string state;  // succeeded | failed | refused | cancelled
  std::string code;
  std::string text;
  Json results = Json::array();  // one value for each action
};

// Everything an envelope shows by itself: a listed key's signature, this agent and client as addressee, and
// one action that the executor is there for. Times, journal and policy come after.
protocol::Verdict<protocol::Envelope> verifyEnvelope(const Json& transport, const ExecutorTrust& trust,
                                                     const protocol::CommandList& keys, std::int64_t now_ns);
protocol::Verdict<Order> orderFrom(const protocol::Envelope& envelope);

// {"updates":[…]} of the parameters, with "rollback":true for one: what the updater is asked to plan.
Result<Json> updatesOf(const Order& order);

}  // namespace redflag::kernel
