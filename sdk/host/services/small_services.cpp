// log, clock, progress: tables in front of one call each.
#include "base/time.h"
#include "host/guard.h"
#include "host/services/services.h"
#include "host/text.h"

namespace redflag::host {
namespace {

const char* levelName(rf_log_level level) {
  switch (level) {
    case RF_LOG_DEBUG:
      return "debug";
    case RF_LOG_WARNING:
      return "warning";
    case RF_LOG_ERROR:
      return "error";
    default:
      return "info";
  }
}

Reporter& reporterOf(void* service_data) {
  return *static_cast<Reporter*>(service_data);
}

}  // namespace

LogService::LogService(Reporter& reporter) {
  table_.struct_size = sizeof(rf_log_1);
  table_.service_data = &reporter;
  table_.write = [](const rf_log_1* self, rf_log_level level, rf_str text) {
    guard([&] {
      reporterOf(self->service_data).log(levelName(level), viewOf(text));
      return RF_OK;
    });
  };
}

ClockService::ClockService() {
  table_.struct_size = sizeof(rf_clock_1);
  table_.epoch_ns = [](const rf_clock_1*) { return epochNow(); };
  table_.monotonic_ns = [](const rf_clock_1*) { return monotonicNow(); };
}

ProgressService::ProgressService(Reporter& reporter) {
  table_.struct_size = sizeof(rf_progress_1);
  table_.service_data = &reporter;
  table_.update = [](const rf_progress_1* self, std::int32_t percent, rf_str text) {
    guard([&] {
      reporterOf(self->service_data).progress(percent, viewOf(text));
      return RF_OK;
    });
  };
  table_.line = [](const rf_progress_1* self, rf_str text) {
    guard([&] {
      reporterOf(self->service_data).progressLine(viewOf(text));
      return RF_OK;
    });
  };
}

}  // namespace redflag::host
