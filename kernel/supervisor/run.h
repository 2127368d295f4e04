#pragma once
// One run of one plugin: what it is asked, what it may use, and how it ended.

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "breaker/breaker.h"
#include "config/config.h"
#include "host/load.h"
#include "host/manifest.h"

namespace redflag::kernel {

struct RunRequest {
  host::Manifest manifest;
  std::string interface_id;  // "rf.scanner/1"
  std::string operation;     // "scan"
  std::string purpose = "updates";
  std::string command_id;  // of the order behind it, or ""
  Json settings = Json::object();
  Json request = Json::object();  // of an updater's operation
  std::vector<std::string> capabilities;
  host::Seal seal = host::Seal::kRequire;
  std::map<std::string, std::string> state;  // what it kept at its last good run
  RunLimits limits;
  const std::atomic<bool>* cancelled = nullptr;  // set from another thread: stop soon. May be null
};

struct ScopeOutcome {
  std::string key;
  std::string status;
};

struct RunReport {
  std::string status;
  std::string code;
  std::string text;
};

struct RunOutcome {
  // A name of host::statusName(), as the plugin's last word; or, when we ended it or it just ended: "crash",
  // "hang", "limit", "broken_contract".
  std::string status;
  RunClass run_class = RunClass::kOk;
  bool complete = false;             // it ended ok, and so did every scope
  std::vector<ScopeOutcome> scopes;  // a scan has at least one
  std::vector<std::string> records;  // JSON objects as text, with their "scope"
  std::vector<RunReport> reports;
  Json result;                               // an updater's document, or null
  std::map<std::string, std::string> state;  // to be kept; empty unless it ended ok
  std::map<std::string, bool> walls;         // as its process built them; empty if it did not get so far
  std::int64_t started_at = 0;               // ns since the epoch
  std::int64_t duration_ns = 0;

  // What the breaker and people are told: the last report that is no success, else the status.
  RunEnd end() const;
};

}  // namespace redflag::kernel
