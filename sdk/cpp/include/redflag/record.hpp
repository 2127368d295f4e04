#pragma once
// One row under construction. A setter that fails spoils the row: commit() then answers why and nothing is
// sent.

#include <concepts>
#include <string_view>

#include "redflag/status.hpp"

namespace rf {

// Any kind. Discarded unless committed. Optional values: an empty text is left out, which says "unknown".
class Record {
 public:
  // `worst` collects the failures of a run; see Run::outcome().
  Record(const rf_run* run, Status& worst, std::string_view kind)
      : run_(run),
        worst_(worst),
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
    worst_ = worse(worst_, status_);
    return status_;
  }

 private:
  bool usable() const { return open_ && status_ == Status::kOk; }
  Status discard() { return toStatus(run_->discard_record(run_)); }

  const rf_run* run_;
  Status& worst_;
  Status status_;
  bool open_;
};

}  // namespace rf
