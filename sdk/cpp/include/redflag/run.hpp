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

// A source whose answer can fail by itself. Ends as kInternal ("left early") unless completed or failed, and
// the run with it. One at a time.
class Scope {
 public:
  Scope(const rf_run* run, Standing& standing, std::string_view key)
      : run_(run), standing_(standing), open_(run->begin_scope(run, str(key)) == RF_OK) {
    if (!open_) lower(Status::kInvalid);
    standing_.in_scope = standing_.in_scope || open_;
  }
  ~Scope() {
    if (end(Status::kInternal)) lower(Status::kInternal);
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Its rows are the whole truth about the source.
  void complete() {
    if (end(Status::kOk)) standing_.answered = true;
  }
  // Explains, and ends it; others, and what is kept of the run, are not the worse for it: see Run::outcome().
  // `status` must not be kOk; `code` is stable and dotted ("flatpak.remote_failed").
  void fail(Status status, std::string_view code, std::string_view text) {
    run_->report(run_, raw(status), str(code), str(text));
    fail(status);
  }
  // Ends it as one of many that a report explains together.
  void fail(Status status) {
    if (status == Status::kOk) status = Status::kInternal;
    if (!end(status)) return;
    standing_.scopes = worse(standing_.scopes, status);
    // That is about the run, whichever source was being asked.
    if (status == Status::kCancelled) lower(status);
  }

 private:
  // False: it was ended before.
  bool end(Status status) {
    if (!open_) return false;
    open_ = false;
    standing_.in_scope = false;
    lower(toStatus(run_->end_scope(run_, raw(status))));
    return true;
  }
  void lower(Status status) { standing_.own = worse(standing_.own, status); }

  const rf_run* run_;
  Standing& standing_;
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

  [[nodiscard]] Scope scope(std::string_view key) { return Scope(run_, standing_, key); }

  Record record(std::string_view kind) { return Record(run_, standing_, kind); }
  UpdateRecord update() { return UpdateRecord(run_, standing_); }
  PackageRecord package() { return PackageRecord(run_, standing_); }
  VolumeRecord volume() { return VolumeRecord(run_, standing_); }
  ImageRecord image() { return ImageRecord(run_, standing_); }
  ContainerRecord container() { return ContainerRecord(run_, standing_); }
  ServiceRecord service() { return ServiceRecord(run_, standing_); }
  // Add labels, then commit().
  MetricRecord metric() { return MetricRecord(run_, standing_); }

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
    standing_.own = worse(standing_.own, status);
    return outcome();
  }

  // What scan() returns: the worst that happened in records and fail(). A scope that fails fails that source
  // alone: the run goes well while another one was completed, or a record committed outside of all, and what
  // was put into State is kept. Where nothing answered, it is the worst of the scopes.
  Status outcome() const {
    return standing_.answered ? standing_.own : worse(standing_.own, standing_.scopes);
  }

 private:
  void commit(Record& record) { static_cast<void>(record.commit()); }

  const rf_run* run_;
  Standing standing_;
};

}  // namespace rf
