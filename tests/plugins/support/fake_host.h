#pragma once
// A host in the test's own process: keeps what a plugin says, answers services from memory or the real
// machine.

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "redflag/abi.h"
#include "redflag/draft/http.h"
#include "redflag/draft/progress.h"
#include "redflag/sdk.hpp"
#include "redflag/services.h"

namespace redflag::test {

struct FakeScope {
  std::string key;
  rf_status status = RF_INTERNAL;
};

struct FakeReport {
  rf_status status = RF_OK;
  std::string code;
  std::string text;
};

class FakeHost {
 public:
  FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  rf::Host host() { return rf::Host(&host_); }
  // The run to pass to a plugin; forgets what the one before said.
  const rf_run* newRun(rf_purpose purpose = RF_PURPOSE_UPDATES, std::int64_t seconds = 120);

  // Records as in JSON, with their scope as "scope".
  std::vector<Json> records;
  std::vector<FakeScope> scopes;
  std::vector<FakeReport> reports;
  std::vector<std::string> lines;  // progress
  std::map<std::string, std::string> state;
  std::string no_place_for;  // a key of `state` whose values are too large for it
  bool cancelled = false;
  std::int64_t epoch_ns = 0;  // 0: the real clock
  // rf.file answers from this folder in place of "/".
  std::filesystem::path files = "/";
  // What rf.exec starts; without it that service starts nothing.
  std::function<rf::ExecResult(const std::vector<std::string>& argv)> exec;
  // rf.http answers these targets with 200 and this body, any other with 404; empty: it asks the real socket.
  std::map<std::string, std::string> local_answers;
  std::map<std::string, int> local_statuses;  // instead of 200, by target

  std::vector<Json> ofKind(const std::string& kind) const;
  Json fact(const std::string& name) const;  // its value; null when there is none
  bool reported(const std::string& code) const;
  rf_status scopeStatus(const std::string& key) const;  // RF_NOT_APPLICABLE: no such scope

 private:
  static FakeHost& self(const void* data) { return *static_cast<FakeHost*>(const_cast<void*>(data)); }
  void makeServices();
  void makeRun();
  template <class Value>
  void put(rf_str field, Value value);

  rf_host host_{};
  rf_run run_{};
  rf_log_1 log_{};
  rf_clock_1 clock_{};
  rf_state_1 state_service_{};
  rf_file_1 file_{};
  rf_progress_1 progress_{};
  rf_http_1 http_{};
  rf_exec_1 exec_{};
  std::string scope_;
  Json row_;
};

}  // namespace redflag::test
