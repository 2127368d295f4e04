#pragma once
// All services of a host process, as rf_host offers them. Lives as long as the plugin.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "host/capabilities.h"
#include "host/reporter.h"
#include "host/run.h"
#include "redflag/draft/http.h"
#include "redflag/draft/progress.h"
#include "redflag/services.h"

namespace redflag::host {

// What the services need of the process they run in.
struct ServiceContext {
  const Capabilities& capabilities;
  const RunControl& control;
  Reporter& reporter;

  // RF_DENIED, told as "service.denied".
  rf_status deny(std::string_view what) const;
};

class LogService {
 public:
  explicit LogService(Reporter& reporter);
  const rf_log_1* table() const { return &table_; }

 private:
  rf_log_1 table_{};
};

class ClockService {
 public:
  ClockService();
  const rf_clock_1* table() const { return &table_; }

 private:
  rf_clock_1 table_{};
};

class ProgressService {
 public:
  explicit ProgressService(Reporter& reporter);
  const rf_progress_1* table() const { return &table_; }

 private:
  rf_progress_1 table_{};
};

// What was kept is read once at the start; what is put is read back at once, and handed over by the run's
// end.
class StateService {
 public:
  using Values = std::map<std::string, std::string, std::less<>>;

  // With purpose verify nothing kept may be believed: `kept` is then not shown.
  StateService(Values kept, bool shows_kept);
  const rf_state_1* table() const { return &table_; }
  Values takePut();

 private:
  static rf_status get(const rf_state_1* self, rf_str key, rf_sink value);
  static rf_status put(const rf_state_1* self, rf_str key, rf_str value);

  rf_state_1 table_{};
  std::mutex mutex_;
  Values kept_;
  Values put_;
  const bool shows_kept_;
};

class FileService {
 public:
  explicit FileService(ServiceContext& context);
  const rf_file_1* table() const { return &table_; }

 private:
  rf_file_1 table_{};
};

class ExecService {
 public:
  explicit ExecService(ServiceContext& context);
  const rf_exec_1* table() const { return &table_; }

 private:
  rf_exec_1 table_{};
};

// Asks through the descriptor that whoever started this process gave it; -1: it gave none.
class HttpService {
 public:
  HttpService(ServiceContext& context, int reads);
  const rf_http_1* table() const { return &table_; }

 private:
  rf_status get(std::string_view socket, std::string_view target, std::uint64_t max_bytes, rf_sink body,
                std::int32_t& http_status);
  rf_status refused(std::string_view head);

  rf_http_1 table_{};
  ServiceContext& context_;
  const int reads_;
  std::mutex mutex_;
  bool broken_ = false;
};

class Services {
 public:
  Services(ServiceContext context, StateService::Values kept, bool shows_kept, int reads);
  const rf_host* host() const { return &host_; }
  StateService& state() { return state_; }

 private:
  static const void* find(const rf_host* host, rf_str id);

  rf_host host_{};
  ServiceContext context_;
  LogService log_;
  ClockService clock_;
  ProgressService progress_;
  StateService state_;
  FileService file_;
  ExecService exec_;
  HttpService http_;
};

}  // namespace redflag::host
