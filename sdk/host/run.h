#pragma once
// One run as the plugin sees it (rf_run), and what the host holds against it: rows that were refused, scopes
// left open. Threads: the functions in the table may be called from any thread.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "host/channel.h"
#include "host/reporter.h"
#include "host/row.h"
#include "redflag/abi.h"

namespace redflag::host {

// When to stop. Shared with services that wait for something.
struct RunControl {
  std::int64_t deadline_ns = 0;  // monotonic
  std::atomic<bool> cancelled{false};
  bool mustStop() const;
};

struct RunSettings {
  std::string plugin_id;                  // the "manager" of rows that name none
  std::vector<std::string> record_kinds;  // the declared ones
  rf_purpose purpose = RF_PURPOSE_UPDATES;
  std::uint64_t max_records = 0;
  bool scans = false;  // rows and scopes are expected
};

class Run {
 public:
  Run(RunSettings settings, const RunControl& control, Channel& channel, Reporter& reporter);
  const rf_run* table() const { return &table_; }

  // What the run's status is after all, given what the plugin returned: open scopes end as failed, an open
  // row is dropped, and RF_OK is lowered if anything was refused. Call once, when the plugin has returned.
  rf_status finish(rf_status returned);

 private:
  template <class Call>
  static rf_status locked(const rf_run* run, Call&& call) noexcept;
  template <class Call>
  rf_status put(Call&& call);

  rf_status beginScope(std::string_view key);
  rf_status endScope(rf_status status);
  rf_status beginRecord(std::string_view kind);
  rf_status commitRecord();
  rf_status discardRecord();
  // Remembers the refusal and explains it.
  rf_status refuse(rf_status status, const std::string& text);
  // For a plugin that never looks at an answer: ends the process, so that it does not burn a processor until
  // its deadline.
  [[noreturn]] void endRunaway();
  void sendScopeEnd(const std::string& key, rf_status status);

  rf_run table_{};
  const RunSettings settings_;
  const RunControl& control_;
  Channel& channel_;
  Reporter& reporter_;

  std::mutex mutex_;
  rf_status refused_ = RF_OK;        // of the whole run
  rf_status scope_refused_ = RF_OK;  // of the open scope
  bool in_scope_ = false;
  std::string scope_key_;
  std::set<std::string> scope_keys_;
  bool rows_outside_scopes_ = false;
  bool in_record_ = false;
  bool spoiled_ = false;
  std::uint64_t records_ = 0;
  std::uint64_t too_many_ = 0;
  Row row_;
};

}  // namespace redflag::host
