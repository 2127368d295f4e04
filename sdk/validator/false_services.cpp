#include "validator/false_services.h"

#include <chrono>
#include <iterator>
#include <thread>

#include "base/time.h"
#include "host/text.h"

namespace redflag::validator {
namespace {

constexpr std::uint64_t kFlood = 10U << 20;
constexpr std::uint64_t kDefaultOutput = 16U << 20;  // rf_exec_options.max_output_bytes = 0

template <class Table>
FalseServices& selfOf(const Table* table) {
  return *static_cast<FalseServices*>(table->service_data);
}

}  // namespace

FalseServices::FalseServices(Fault fault, std::string service, const rf_host* real,
                             const host::RunControl& control)
    : fault_(fault), service_(std::move(service)), real_(real), control_(control) {
  host_ = {sizeof(rf_host), RF_ABI_MINOR, 0, this, &find};
  file_ = {sizeof(rf_file_1), this,
           [](const rf_file_1* t, rf_str, std::uint64_t max_bytes, rf_sink content) {
             return selfOf(t).fill(content, max_bytes, 1);
           },
           [](const rf_file_1* t, rf_str, rf_file_info* out) {
             const rf_status status = selfOf(t).begin();
             if (status == RF_OK) *out = {sizeof(rf_file_info), kFlood, 0, 1, 0, 0};
             return status;
           },
           [](const rf_file_1* t, rf_str, rf_sink names) { return selfOf(t).fill(names, kFlood, 64); }};
  exec_ = {sizeof(rf_exec_1), this,
           [](const rf_exec_1* t, const rf_str*, std::uint64_t, const rf_exec_options* options, rf_sink out,
              rf_sink, std::int32_t* exit_code) {
             *exit_code = 0;
             const bool limited = options != nullptr && options->max_output_bytes > 0;
             return selfOf(t).fill(out, limited ? options->max_output_bytes : kDefaultOutput, 64);
           }};
  state_ = {sizeof(rf_state_1), this,
            [](const rf_state_1* t, rf_str, rf_sink value) { return selfOf(t).fill(value, 4U << 20, 1); },
            [](const rf_state_1* t, rf_str, rf_str) { return selfOf(t).begin(); }};
  log_ = {sizeof(rf_log_1), this, [](const rf_log_1* t, rf_log_level, rf_str) { selfOf(t).begin(); }};
  clock_ = {sizeof(rf_clock_1), this, [](const rf_clock_1* t) { return selfOf(t).time(); },
            [](const rf_clock_1* t) { return selfOf(t).time(); }};
  progress_ = {sizeof(rf_progress_1), this,
               [](const rf_progress_1* t, std::int32_t, rf_str) { selfOf(t).begin(); },
               [](const rf_progress_1* t, rf_str) { selfOf(t).begin(); }};
}

rf_status FalseServices::begin() {
  ++calls_;
  if (fault_ == Fault::kFails) return RF_TRANSIENT;
  if (fault_ != Fault::kHangs) return RF_OK;
  while (!control_.mustStop())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  return RF_CANCELLED;
}

std::int64_t FalseServices::time() {
  const rf_status status = begin();
  if (status == RF_OK || status == RF_CANCELLED) return monotonicNow();
  static constexpr std::int64_t kJumps[] = {INT64_MIN, 0, INT64_MAX};
  return kJumps[calls_ % std::size(kJumps)];
}

rf_status FalseServices::fill(rf_sink sink, std::uint64_t max_bytes, int pieces) {
  if (const rf_status status = begin(); status != RF_OK) return status;
  if (fault_ == Fault::kNotText)
    return sink.write(sink.sink_data, host::rfStr("\xff\xfe\x80 \xc3(\n\xed\xa0\x80"));
  if (max_bytes < kFlood) return RF_LIMIT;
  const std::string piece(kFlood / static_cast<unsigned>(pieces), 'x');
  for (int i = 0; i < pieces; ++i) {
    if (const rf_status status = sink.write(sink.sink_data, host::rfStr(piece)); status != RF_OK)
      return status;
  }
  return RF_OK;
}

const void* FalseServices::find(const rf_host* table, rf_str id) {
  const auto& self = *static_cast<const FalseServices*>(table->host_data);
  const auto name = host::viewOf(id);
  if (self.fault_ == Fault::kNone || (!self.service_.empty() && "rf." + self.service_ + "/1" != name))
    return self.real_->service(self.real_, id);
  if (self.fault_ == Fault::kAbsent) return nullptr;
  if (name == RF_FILE_1) return &self.file_;
  if (name == RF_EXEC_1) return &self.exec_;
  if (name == RF_STATE_1) return &self.state_;
  if (name == RF_LOG_1) return &self.log_;
  if (name == RF_CLOCK_1) return &self.clock_;
  if (name == RF_PROGRESS_1) return &self.progress_;
  return self.real_->service(self.real_, id);
}

}  // namespace redflag::validator
