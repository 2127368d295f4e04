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

// NOLINTBEGIN(bugprone-macro-parentheses): they make functions
#define RF_TEXT_FIELD(setter, field)     \
  auto& setter(std::string_view value) { \
    text(field, value);                  \
    return *this;                        \
  }
#define RF_INTEGER_FIELD(setter, field) \
  auto& setter(std::int64_t value) {    \
    integer(field, value);              \
    return *this;                       \
  }
#define RF_FLAG_FIELD(setter, field) \
  auto& setter(bool value) {         \
    flag(field, value);              \
    return *this;                    \
  }
#define RF_TIME_FIELD(setter, field)    \
  auto& setter(std::int64_t epoch_ns) { \
    time(field, epoch_ns);              \
    return *this;                       \
  }
// NOLINTEND(bugprone-macro-parentheses)
// One call for each entry.
#define RF_LIST_FIELD(setter, field) RF_TEXT_FIELD(setter, field)

// "update/1". key, name and candidateVersion are required; manager is the plugin's id unless set, category
// and severity are "unknown".
class UpdateRecord : public Record {
 public:
  UpdateRecord(const rf_run* run, Status& worst) : Record(run, worst, "update/1") {}
  RF_TEXT_FIELD(manager, "manager")
  RF_TEXT_FIELD(key, "key")
  RF_TEXT_FIELD(name, "name")
  RF_TEXT_FIELD(arch, "arch")
  RF_TEXT_FIELD(channel, "channel")
  RF_TEXT_FIELD(installedVersion, "installed_version")
  RF_TEXT_FIELD(candidateVersion, "candidate_version")
  RF_TEXT_FIELD(sourcePackage, "source_package")
  RF_TEXT_FIELD(origin, "origin")
  RF_TEXT_FIELD(category, "category")  // security bugfix enhancement driver firmware feature unknown
  RF_TEXT_FIELD(severity, "severity")  // critical high medium low unknown
  RF_LIST_FIELD(advisory, "advisories")
  RF_LIST_FIELD(cve, "cves")
  RF_TIME_FIELD(publishedAt, "published_at")
  RF_INTEGER_FIELD(downloadBytes, "download_bytes")
  RF_INTEGER_FIELD(installedBytes, "installed_bytes")
  RF_TEXT_FIELD(blockedBy, "blocked_by")  // held phased kept_back excluded; "" = installable now
  RF_FLAG_FIELD(needsReboot, "needs_reboot")
  RF_TEXT_FIELD(supersededBy, "superseded_by")
};

// "package/1": purpose kInventory only.
class PackageRecord : public Record {
 public:
  PackageRecord(const rf_run* run, Status& worst) : Record(run, worst, "package/1") {}
  RF_TEXT_FIELD(manager, "manager")
  RF_TEXT_FIELD(key, "key")
  RF_TEXT_FIELD(name, "name")
  RF_TEXT_FIELD(arch, "arch")
  RF_TEXT_FIELD(version, "version")
  RF_TEXT_FIELD(sourcePackage, "source_package")
  RF_TIME_FIELD(installedAt, "installed_at")
  RF_INTEGER_FIELD(installedBytes, "installed_bytes")
};

class VolumeRecord : public Record {
 public:
  VolumeRecord(const rf_run* run, Status& worst) : Record(run, worst, "volume/1") {}
  RF_TEXT_FIELD(mount, "mount")
  RF_TEXT_FIELD(device, "device")
  RF_TEXT_FIELD(filesystem, "filesystem")
  RF_INTEGER_FIELD(totalBytes, "total_bytes")
  RF_INTEGER_FIELD(usedBytes, "used_bytes")
  RF_INTEGER_FIELD(availableBytes, "available_bytes")
  RF_INTEGER_FIELD(totalInodes, "total_inodes")
  RF_INTEGER_FIELD(usedInodes, "used_inodes")
  RF_FLAG_FIELD(readOnly, "read_only")
  RF_FLAG_FIELD(remote, "remote")
};

class MetricRecord : public Record {
 public:
  MetricRecord(const rf_run* run, Status& worst) : Record(run, worst, "metric/1") {}
  RF_TEXT_FIELD(name, "name")    // OpenMetrics style with a unit's suffix: "memory_available_bytes"
  RF_LIST_FIELD(label, "label")  // "k=v"
  MetricRecord& value(double value) {
    real("value", value);
    return *this;
  }
};

class ServiceRecord : public Record {
 public:
  ServiceRecord(const rf_run* run, Status& worst) : Record(run, worst, "service/1") {}
  RF_TEXT_FIELD(name, "name")
  RF_TEXT_FIELD(state, "state")
  RF_FLAG_FIELD(needsRestart, "needs_restart")
  RF_TEXT_FIELD(reason, "reason")
  RF_LIST_FIELD(package, "packages")
};

#undef RF_TEXT_FIELD
#undef RF_INTEGER_FIELD
#undef RF_FLAG_FIELD
#undef RF_TIME_FIELD
#undef RF_LIST_FIELD

}  // namespace rf
