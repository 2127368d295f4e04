#pragma once
// clang-format off
// A builder for each kind of records, with a setter a field: what is not put is unknown. A list's
// setter is called once for each entry, times are nanoseconds since the epoch. The host fills in what is
// required and was not put, where it knows it: manager is the plugin's id, category and severity are
// "unknown". Made by redflag-record-kinds.

#include <cstdint>
#include <string_view>

#include "redflag/record.hpp"

namespace rf {

class UpdateRecord : public Record {
 public:
  UpdateRecord(const rf_run* run, Standing& standing) : Record(run, standing, "update/1") {}
  // text, required
  UpdateRecord& manager(std::string_view value) {
    text("manager", value);
    return *this;
  }
  // text, required
  UpdateRecord& key(std::string_view value) {
    text("key", value);
    return *this;
  }
  // text, required
  UpdateRecord& name(std::string_view value) {
    text("name", value);
    return *this;
  }
  // text
  UpdateRecord& arch(std::string_view value) {
    text("arch", value);
    return *this;
  }
  // text
  UpdateRecord& channel(std::string_view value) {
    text("channel", value);
    return *this;
  }
  // text
  UpdateRecord& installedVersion(std::string_view value) {
    text("installed_version", value);
    return *this;
  }
  // text, required
  UpdateRecord& candidateVersion(std::string_view value) {
    text("candidate_version", value);
    return *this;
  }
  // text
  UpdateRecord& sourcePackage(std::string_view value) {
    text("source_package", value);
    return *this;
  }
  // text
  UpdateRecord& origin(std::string_view value) {
    text("origin", value);
    return *this;
  }
  // choice, required security bugfix enhancement driver firmware feature unknown
  UpdateRecord& category(std::string_view value) {
    text("category", value);
    return *this;
  }
  // choice, required critical high medium low unknown
  UpdateRecord& severity(std::string_view value) {
    text("severity", value);
    return *this;
  }
  // list
  UpdateRecord& advisory(std::string_view value) {
    text("advisories", value);
    return *this;
  }
  // list
  UpdateRecord& cve(std::string_view value) {
    text("cves", value);
    return *this;
  }
  // time
  UpdateRecord& publishedAt(std::int64_t value) {
    time("published_at", value);
    return *this;
  }
  // int
  UpdateRecord& downloadBytes(std::int64_t value) {
    integer("download_bytes", value);
    return *this;
  }
  // int
  UpdateRecord& installedBytes(std::int64_t value) {
    integer("installed_bytes", value);
    return *this;
  }
  // choice held phased kept_back excluded
  UpdateRecord& blockedBy(std::string_view value) {
    text("blocked_by", value);
    return *this;
  }
  // flag
  UpdateRecord& needsReboot(bool value) {
    flag("needs_reboot", value);
    return *this;
  }
  // text
  UpdateRecord& supersededBy(std::string_view value) {
    text("superseded_by", value);
    return *this;
  }
};

class PackageRecord : public Record {
 public:
  PackageRecord(const rf_run* run, Standing& standing) : Record(run, standing, "package/1") {}
  // text, required
  PackageRecord& manager(std::string_view value) {
    text("manager", value);
    return *this;
  }
  // text, required
  PackageRecord& key(std::string_view value) {
    text("key", value);
    return *this;
  }
  // text, required
  PackageRecord& name(std::string_view value) {
    text("name", value);
    return *this;
  }
  // text
  PackageRecord& arch(std::string_view value) {
    text("arch", value);
    return *this;
  }
  // text
  PackageRecord& version(std::string_view value) {
    text("version", value);
    return *this;
  }
  // text
  PackageRecord& sourcePackage(std::string_view value) {
    text("source_package", value);
    return *this;
  }
  // time
  PackageRecord& installedAt(std::int64_t value) {
    time("installed_at", value);
    return *this;
  }
  // int
  PackageRecord& installedBytes(std::int64_t value) {
    integer("installed_bytes", value);
    return *this;
  }
};

class ImageRecord : public Record {
 public:
  ImageRecord(const rf_run* run, Standing& standing) : Record(run, standing, "image/1") {}
  // text, required
  ImageRecord& reference(std::string_view value) {
    text("reference", value);
    return *this;
  }
  // text
  ImageRecord& registry(std::string_view value) {
    text("registry", value);
    return *this;
  }
  // text
  ImageRecord& tag(std::string_view value) {
    text("tag", value);
    return *this;
  }
  // text
  ImageRecord& digest(std::string_view value) {
    text("digest", value);
    return *this;
  }
  // text
  ImageRecord& offeredDigest(std::string_view value) {
    text("offered_digest", value);
    return *this;
  }
  // text
  ImageRecord& platform(std::string_view value) {
    text("platform", value);
    return *this;
  }
};

class ContainerRecord : public Record {
 public:
  ContainerRecord(const rf_run* run, Standing& standing) : Record(run, standing, "container/1") {}
  // text, required
  ContainerRecord& id(std::string_view value) {
    text("id", value);
    return *this;
  }
  // text
  ContainerRecord& name(std::string_view value) {
    text("name", value);
    return *this;
  }
  // text
  ContainerRecord& image(std::string_view value) {
    text("image", value);
    return *this;
  }
  // text
  ContainerRecord& state(std::string_view value) {
    text("state", value);
    return *this;
  }
  // text
  ContainerRecord& health(std::string_view value) {
    text("health", value);
    return *this;
  }
  // text
  ContainerRecord& composeProject(std::string_view value) {
    text("compose_project", value);
    return *this;
  }
  // flag
  ContainerRecord& pinned(bool value) {
    flag("pinned", value);
    return *this;
  }
};

class VolumeRecord : public Record {
 public:
  VolumeRecord(const rf_run* run, Standing& standing) : Record(run, standing, "volume/1") {}
  // text, required
  VolumeRecord& mount(std::string_view value) {
    text("mount", value);
    return *this;
  }
  // text
  VolumeRecord& device(std::string_view value) {
    text("device", value);
    return *this;
  }
  // text
  VolumeRecord& filesystem(std::string_view value) {
    text("filesystem", value);
    return *this;
  }
  // list
  VolumeRecord& layer(std::string_view value) {
    text("layers", value);
    return *this;
  }
  // text
  VolumeRecord& subvolume(std::string_view value) {
    text("subvolume", value);
    return *this;
  }
  // int
  VolumeRecord& totalBytes(std::int64_t value) {
    integer("total_bytes", value);
    return *this;
  }
  // int
  VolumeRecord& usedBytes(std::int64_t value) {
    integer("used_bytes", value);
    return *this;
  }
  // int
  VolumeRecord& availableBytes(std::int64_t value) {
    integer("available_bytes", value);
    return *this;
  }
  // int
  VolumeRecord& totalInodes(std::int64_t value) {
    integer("total_inodes", value);
    return *this;
  }
  // int
  VolumeRecord& usedInodes(std::int64_t value) {
    integer("used_inodes", value);
    return *this;
  }
  // flag
  VolumeRecord& readOnly(bool value) {
    flag("read_only", value);
    return *this;
  }
  // flag
  VolumeRecord& remote(bool value) {
    flag("remote", value);
    return *this;
  }
};

class MetricRecord : public Record {
 public:
  MetricRecord(const rf_run* run, Standing& standing) : Record(run, standing, "metric/1") {}
  // text, required
  MetricRecord& name(std::string_view value) {
    text("name", value);
    return *this;
  }
  // real, required
  MetricRecord& value(double value) {
    real("value", value);
    return *this;
  }
  // list
  MetricRecord& label(std::string_view value) {
    text("label", value);
    return *this;
  }
};

class ServiceRecord : public Record {
 public:
  ServiceRecord(const rf_run* run, Standing& standing) : Record(run, standing, "service/1") {}
  // text, required
  ServiceRecord& name(std::string_view value) {
    text("name", value);
    return *this;
  }
  // text
  ServiceRecord& state(std::string_view value) {
    text("state", value);
    return *this;
  }
  // flag
  ServiceRecord& needsRestart(bool value) {
    flag("needs_restart", value);
    return *this;
  }
  // flag
  ServiceRecord& needsReboot(bool value) {
    flag("needs_reboot", value);
    return *this;
  }
  // text
  ServiceRecord& reason(std::string_view value) {
    text("reason", value);
    return *this;
  }
  // list
  ServiceRecord& package(std::string_view value) {
    text("packages", value);
    return *this;
  }
};

}  // namespace rf
