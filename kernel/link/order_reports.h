#pragma once
// What the agent tells the server about orders, as items of the spool (protocol/README.md). Threads: any.

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "spool/spool.h"

namespace redflag::kernel {

struct StateReport {
  std::string id;  // of the item: the same each time it is told
  std::string command_id;
  std::string state;  // accepted | running | succeeded | failed | refused | cancelled
  std::string code;
  std::string text;
  Json results;  // null, or one value for each action
  std::string by = "kernel";
  std::int64_t at_ns = 0;
};

class OrderReports {
 public:
  // `agent_id`: whose orders these are, for the log.
  OrderReports(Spool& spool, const Clock& clock, std::string agent_id)
      : spool_(spool), clock_(clock), agent_id_(std::move(agent_id)) {}

  // The item's text: what a journal keeps, so that it can be told again byte by byte.
  std::string stateItem(const StateReport& report) const;
  // Puts a text that stateItem() made. Safe to repeat: its id is inside.
  Result<> putState(const std::string& item);

  // One line of the log (base/history_line.h), once for each `id`: what is told again is no other step.
  struct Step {
    std::string id;  // of the state's item or event
    std::string command_id;
    std::string action;  // "" where this side does not know it any more
    std::string from;
    std::string to;
    std::string actor = "kernel";
    std::string code = {};
    std::int64_t at_ns = 0;  // 0: now
  };
  void step(const Step& step);

  // An envelope that was not accepted. The server hands it out at each fetch until it has heard this, so the
  // same refusal is told at most every ten minutes.
  void refusal(const std::string& command_id, const std::string& code, const std::string& text,
               const std::string& by);
  // Why the server's trust repository is not believed, and so no order of it: each reason at most every ten
  // minutes. False: it was not told now.
  bool distrust(const std::string& text);
  // Somebody who may not talk to the executor did: told at most every ten minutes.
  void connection(const std::string& text);
  // All refused orders, also those that were not told again.
  std::uint64_t refused() const { return refused_; }

  struct Log {
    std::string command_id;
    std::vector<std::string> lines;
    int percent = -1;
    std::string progress;
    std::int64_t at_ns = 0;
  };
  // May be thinned.
  void log(const Log& log);

 private:
  bool putRefusal(const std::string& id, const std::string& command_id, const std::string& code,
                  const std::string& text, const std::string& by);
  bool toldLately(const std::string& key);
  bool loggedBefore(const std::string& id);

  Spool& spool_;
  const Clock& clock_;
  const std::string agent_id_;
  std::atomic<std::uint64_t> refused_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> told_ns_;
  std::deque<std::string> logged_;  // the newest last
};

}  // namespace redflag::kernel
