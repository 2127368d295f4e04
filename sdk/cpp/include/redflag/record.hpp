#pragma once
// One row under construction. A setter that fails spoils the row: commit() then answers why and nothing is
// sent.

#include <concepts>
#include <string_view>

#include "redflag/status.hpp"

namespace rf {

// How a run has gone so far, by what Run::outcome() is decided.
struct Standing {
  Status own = Status::kOk;     // the worst of records, of fail(), and of scopes that were left early
  Status scopes = Status::kOk;  // the worst of scopes that were failed
  bool in_scope = false;
  bool answered = false;  // a scope was completed, or a record committed outside of every scope
};

// Any kind. Discarded unless committed. Optional values: an empty text is left out, which says "unknown".
class Record {
 public:
  // `standing` collects how the run goes, and outlives it.
  Record(const rf_run* run, Standing& standing, std::string_view kind)
      : run_(run),
        standing_(standing),
        status_(toStatus(run->begin_record(run, str(kind)))),
        open_(status_ == Status::kOk) {}
  ~Record() {
    if (open_) run_->discard_record(run_);
  }
  Record(const Record&) = delete;
  Record& operator=(const Record&) = delete;

  Record& text(std::string_view field, std::string_view value) {
    if (usable() && !value.empty()) status_ = toStatus(run_->put_text(run_, str(field), str(value)));
    return *this;
  }
  Record& integer(std::string_view field, std::int64_t value) {
    if (usable()) status_ = toStatus(run_->put_int(run_, str(field), value));
    return *this;
  }
  Record& real(std::string_view field, double value) {
    if (usable()) status_ = toStatus(run_->put_real(run_, str(field), value));
    return *this;
  }
  Record& time(std::string_view field, std::int64_t epoch_ns) {
    if (usable()) status_ = toStatus(run_->put_time(run_, str(field), epoch_ns));
    return *this;
  }
  Record& flag(std::string_view field, bool value) { return integer(field, value ? 1 : 0); }
  template <class Texts>
  Record& list(std::string_view field, const Texts& values) {
    for (const auto& value : values)
      text(field, value);
    return *this;
  }

  Status commit() {
    if (open_) {
      open_ = false;
      const Status ended = status_ == Status::kOk ? toStatus(run_->commit_record(run_)) : discard();
      status_ = worse(status_, ended);
    } else if (status_ == Status::kOk) {
      status_ = Status::kInvalid;  // committed twice
    }
    standing_.own = worse(standing_.own, status_);
    if (status_ == Status::kOk && !standing_.in_scope) standing_.answered = true;
    return status_;
  }

 private:
  bool usable() const { return open_ && status_ == Status::kOk; }
  Status discard() { return toStatus(run_->discard_record(run_)); }

  const rf_run* run_;
  Standing& standing_;
  Status status_;
  bool open_;
};

}  // namespace rf
