#pragma once
// One run: what a scanner or updater says to the host, and what it should know about its time.

#include <concepts>
#include <string>
#include <string_view>

#include "redflag/builders.hpp"
#include "redflag/status.hpp"

namespace rf {

enum class Purpose : rf_purpose {
  kUpdates = RF_PURPOSE_UPDATES,
  kInventory = RF_PURPOSE_INVENTORY,
  kVerify = RF_PURPOSE_VERIFY,  // look at the outside world; never answer from kept state
};

class Run;

// A source whose answer can fail by itself. Ends as kInternal ("left early") unless completed or failed. One
// at a time.
class Scope {
 public:
  Scope(const rf_run* run, Status& worst, std::string_view key)
      : run_(run), worst_(worst), open_(run->begin_scope(run, str(key)) == RF_OK) {
    if (!open_) worst_ = worse(worst_, Status::kInvalid);
  }
  ~Scope() { end(Status::kInternal); }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Its rows are the whole truth about the source.
  void complete() { end(Status::kOk); }
  // Explains, and ends it. `status` must not be kOk; `code` is stable and dotted ("flatpak.remote_failed").
  void fail(Status status, std::string_view code, std::string_view text) {
    run_->report(run_, raw(status), str(code), str(text));
    fail(status);
  }
  // Ends it as one of many that a report explains together.
  void fail(Status status) { end(status == Status::kOk ? Status::kInternal : status); }

 private:
  void end(Status status) {
    if (!open_) return;
    open_ = false;
    worst_ = worse(worst_, worse(status, toStatus(run_->end_scope(run_, raw(status)))));
  }

  const rf_run* run_;
  Status& worst_;
  bool open_;
};

// Valid for the call it is an argument of. Not copied: records and scopes refer to it.
class Run {
 public:
  explicit Run(const rf_run* run) : run_(run) {}
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Purpose purpose() const { return static_cast<Purpose>(run_->purpose); }
  bool cancelled() const { return run_->cancelled(run_) != 0; }
  std::int64_t deadlineNs() const {
    return run_->deadline_ns;
  }  // monotonic, compare with Clock::monotonicNs()

  [[nodiscard]] Scope scope(std::string_view key) { return Scope(run_, worst_, key); }

  Record record(std::string_view kind) { return Record(run_, worst_, kind); }
  UpdateRecord update() { return UpdateRecord(run_, worst_); }
  PackageRecord package() { return PackageRecord(run_, worst_); }
  VolumeRecord volume() { return VolumeRecord(run_, worst_); }
  ImageRecord image() { return ImageRecord(run_, worst_); }
  ContainerRecord container() { return ContainerRecord(run_, worst_); }
  ServiceRecord service() { return ServiceRecord(run_, worst_); }
  // Add labels, then commit().
  MetricRecord metric() { return MetricRecord(run_, worst_); }

  // "fact/1", committed at once. A list of one entry reads like its text; an empty text or list is left out.
  void fact(std::string_view name, std::string_view value) {
    if (!value.empty()) commit(record("fact/1").text("name", name).text("value", value));
  }
  void fact(std::string_view name, std::integral auto value) {
    commit(record("fact/1").text("name", name).integer("value", static_cast<std::int64_t>(value)));
  }
  void fact(std::string_view name, std::floating_point auto value) {
    commit(record("fact/1").text("name", name).real("value", static_cast<double>(value)));
  }
  template <class Text>
  void fact(std::string_view name, const std::vector<Text>& values) {
    if (!values.empty()) commit(record("fact/1").text("name", name).list("value", values));
  }

  // Explains, never decides.
  void report(Status status, std::string_view code, std::string_view text) {
    run_->report(run_, raw(status), str(code), str(text));
  }
  // Decides as well: outcome() will be at least as bad.
  Status fail(Status status, std::string_view code, std::string_view text) {
    report(status, code, text);
    worst_ = worse(worst_, status);
    return worst_;
  }

  // The worst that happened in scopes, records and fail(): what scan() returns.
  Status outcome() const { return worst_; }

 private:
  void commit(Record& record) { static_cast<void>(record.commit()); }

  const rf_run* run_;
  Status worst_ = Status::kOk;
};

}  // namespace rf
