#pragma once
// One life of the plugin, as redflag-host would play it, with a host that may behave badly.

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "host/library.h"
#include "redflag/abi.h"
#include "validator/check.h"
#include "validator/false_services.h"

namespace redflag::validator {

struct Conditions {
  Fault fault = Fault::kNone;
  std::string faulty_service;  // the one that shows the fault; "": all of them
  bool cancelled = false;      // from the start
  int cancel_after_ms = -1;
  bool deadline_past = false;
  std::uint64_t max_records = 100'000;
  std::uint64_t grown_by = 0;  // bytes that a later host has behind rf_host and rf_run
  bool only_create = false;    // create and destroy, no call between
  bool only_configure = false;
  // Between the plugin and the services: records or plays back.
  std::function<std::unique_ptr<class Tape>(const rf_host* real)> tape = {};
  std::string operation;  // "": the plugin's main one
  std::string request = "{}";
};

struct Round {
  std::string problem;  // why there was no round
  rf_status returned = RF_OK;
  std::vector<std::string> answer;  // results, and rows as rows.h compares them, sorted
  std::map<std::string, std::string> scopes;
  std::vector<std::string> refusals;  // what the host refused
  std::vector<std::string> bad_reports;
  bool explained = false;             // the plugin reported something
  std::uint64_t service_calls = 0;    // that showed the fault
  std::int64_t cancelled_for_ns = 0;  // how long the plugin went on after it was to stop
  const void* object = nullptr;       // where the plugin object was
};

struct Subject {
  const rf_library* library = nullptr;
  host::Manifest manifest;
  std::string interface_id;  // what its rounds call
  std::string operation;     // "": nothing that may be called without changing a machine
};

// Loads the library into this process.
Result<Subject> loadSubject(const Target& target);
Round play(const Subject& subject, const Target& target, const Conditions& conditions = {});

}  // namespace redflag::validator
