#include "host/run.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/time.h"
#include "host/guard.h"
#include "host/isolate.h"
#include "host/json_text.h"
#include "host/text.h"
#include "protocol/limits.h"

namespace redflag::host {
namespace {

constexpr std::size_t kMaxScopeKeyBytes = 1024;
constexpr std::uint64_t kPatience = 1000;  // rows committed after the limit

Run& runOf(const rf_run* table) {
  return *static_cast<Run*>(table->run_data);
}

rf_status refusalOf(const Error& error) {
  return error.code == Code::kLimit ? RF_LIMIT : RF_INVALID;
}

}  // namespace

bool RunControl::mustStop() const {
  return cancelled || monotonicNow() >= deadline_ns;
}

template <class Call>
rf_status Run::locked(const rf_run* table, Call&& call) noexcept {
  return guard([&] {
    Run& run = runOf(table);
    const std::lock_guard lock(run.mutex_);
    return call(run);
  });
}

template <class Call>
rf_status Run::put(Call&& call) {
  if (!in_record_) return refuse(RF_INVALID, "a field was put outside a record");
  Result<> done = call(row_);
  if (done) return RF_OK;
  spoiled_ = true;
  return refuse(refusalOf(done.error()), done.error().text);
}

Run::Run(RunSettings settings, const RunControl& control, Channel& channel, Reporter& reporter)
    : settings_(std::move(settings)), control_(control), channel_(channel), reporter_(reporter) {
  table_.struct_size = sizeof(rf_run);
  table_.deadline_ns = control.deadline_ns;
  table_.purpose = settings_.purpose;
  table_.run_data = this;
  table_.cancelled = [](const rf_run* t) -> std::uint32_t { return runOf(t).control_.mustStop() ? 1U : 0U; };
  table_.begin_scope = [](const rf_run* t, rf_str key) {
    return locked(t, [&](Run& run) { return run.beginScope(viewOf(key)); });
  };
  table_.end_scope = [](const rf_run* t, rf_status status) {
    return locked(t, [&](Run& run) { return run.endScope(status); });
  };
  table_.begin_record = [](const rf_run* t, rf_str kind) {
    return locked(t, [&](Run& run) { return run.beginRecord(viewOf(kind)); });
  };
  table_.put_text = [](const rf_run* t, rf_str field, rf_str value) {
    return locked(t, [&](Run& run) {
      return run.put([&](Row& row) { return row.putText(viewOf(field), viewOf(value)); });
    });
  };
  table_.put_int = [](const rf_run* t, rf_str field, std::int64_t value) {
    return locked(
        t, [&](Run& run) { return run.put([&](Row& row) { return row.putInt(viewOf(field), value); }); });
  };
  table_.put_real = [](const rf_run* t, rf_str field, double value) {
    return locked(
        t, [&](Run& run) { return run.put([&](Row& row) { return row.putReal(viewOf(field), value); }); });
  };
  table_.put_time = [](const rf_run* t, rf_str field, std::int64_t epoch_ns) {
    return locked(
        t, [&](Run& run) { return run.put([&](Row& row) { return row.putTime(viewOf(field), epoch_ns); }); });
  };
  table_.commit_record = [](const rf_run* t) {
    return locked(t, [](Run& run) { return run.commitRecord(); });
  };
  table_.discard_record = [](const rf_run* t) {
    return locked(t, [](Run& run) { return run.discardRecord(); });
  };
  table_.report = [](const rf_run* t, rf_status status, rf_str code, rf_str text) {
    return guard([&] { return runOf(t).reporter_.report(status, viewOf(code), viewOf(text)); });
  };
}

rf_status Run::refuse(rf_status status, const std::string& text) {
  if (refused_ == RF_OK) refused_ = status;
  if (in_scope_ && scope_refused_ == RF_OK) scope_refused_ = status;
  reporter_.reportOnce(status, status == RF_LIMIT ? "record.limit" : "record.refused", text);
  return status;
}

rf_status Run::beginScope(std::string_view key) {
  if (!settings_.scans) return refuse(RF_INVALID, "only a scan has scopes");
  if (in_scope_ || in_record_)
    return refuse(RF_INVALID, "a scope was begun inside another scope or a record");
  if (key.size() > kMaxScopeKeyBytes || !isUtf8(key) || !protocol::isCleanText(key)) {
    return refuse(RF_INVALID, "a scope's key is not UTF-8 without control characters of at most 1024 bytes");
  }
  if (scope_keys_.size() >= protocol::kMaxScanScopes)
    return refuse(RF_LIMIT, "more than " + std::to_string(protocol::kMaxScanScopes) + " scopes");
  if (!scope_keys_.emplace(key).second) {
    return refuse(RF_INVALID, "the scope \"" + readable(key, 128) + "\" was begun twice");
  }
  in_scope_ = true;
  scope_refused_ = RF_OK;
  scope_key_ = key;
  std::string out = R"({"key":)";
  appendJsonText(out, key);
  channel_.send(FrameType::kBeginScope, out + "}");
  return RF_OK;
}

rf_status Run::endScope(rf_status status) {
  if (!in_scope_) return refuse(RF_INVALID, "a scope was ended that was not begun");
  rf_status row = RF_OK;
  if (in_record_) row = refuse(RF_INVALID, "a scope was ended inside a record");
  in_record_ = false;
  if (status < RF_OK || status > RF_INTERNAL) status = RF_INTERNAL;
  if (status == RF_OK) status = scope_refused_;
  in_scope_ = false;
  sendScopeEnd(scope_key_, status);
  return row;
}

void Run::sendScopeEnd(const std::string& key, rf_status status) {
  std::string out = R"({"key":)";
  appendJsonText(out, key);
  out += R"(,"status":")" + std::string(statusName(status)) + "\"}";
  channel_.send(FrameType::kEndScope, out);
}

rf_status Run::beginRecord(std::string_view kind) {
  if (in_record_) return refuse(RF_INVALID, "a record was begun inside another");
  const auto& declared = settings_.record_kinds;
  if (!settings_.scans) return refuse(RF_INVALID, "only a scan emits records");
  if (std::find(declared.begin(), declared.end(), kind) == declared.end()) {
    return refuse(RF_INVALID, "records of kind \"" + readable(kind, 160) + "\" were not declared");
  }
  if (auto begun = row_.begin(kind); !begun) return refuse(RF_INVALID, begun.error().text);
  in_record_ = true;
  spoiled_ = false;
  return RF_OK;
}

rf_status Run::commitRecord() {
  if (!in_record_) return refuse(RF_INVALID, "a record was committed that was not begun");
  in_record_ = false;
  if (spoiled_) return RF_INVALID;  // explained when it was spoiled
  if (records_ >= settings_.max_records) {
    if (++too_many_ > kPatience) endRunaway();
    return refuse(RF_LIMIT, "more than " + std::to_string(settings_.max_records) + " records");
  }
  auto json = row_.finish(settings_.plugin_id);
  if (!json) return refuse(refusalOf(json.error()), json.error().text);
  ++records_;
  if (!in_scope_) rows_outside_scopes_ = true;
  channel_.send(FrameType::kRecord, *json);
  return RF_OK;
}

void Run::endRunaway() {
  reporter_.conclude(RF_LIMIT, "plugin.runaway",
                     "the plugin went on committing rows after they were refused");
  if (in_scope_) sendScopeEnd(scope_key_, RF_LIMIT);
  channel_.send(FrameType::kDone, R"({"status":"limit"})");
  endProcess(channel_.finish() ? 0 : 1);
}

rf_status Run::discardRecord() {
  if (!in_record_) return refuse(RF_INVALID, "a record was discarded that was not begun");
  in_record_ = false;
  return RF_OK;
}

rf_status Run::finish(rf_status returned) {
  const std::lock_guard lock(mutex_);
  if (in_record_) refuse(RF_INVALID, "a record was left open");
  if (in_scope_) {
    refuse(RF_INVALID, "the scope \"" + readable(scope_key_, 128) + "\" was left open");
    sendScopeEnd(scope_key_, RF_INTERNAL);
  }
  in_record_ = false;
  in_scope_ = false;
  if (returned < RF_OK || returned > RF_INTERNAL) returned = RF_INTERNAL;
  const rf_status status = returned == RF_OK ? refused_ : returned;
  if (settings_.scans && (rows_outside_scopes_ || scope_keys_.empty()) && !scope_keys_.contains("")) {
    channel_.send(FrameType::kBeginScope, R"({"key":""})");
    sendScopeEnd("", status);
  }
  return status;
}

}  // namespace redflag::host
