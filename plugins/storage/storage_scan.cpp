#include "storage_scan.h"

#include <algorithm>
#include <system_error>

#include "base/encoding.h"
#include "base/json.h"
#include "protocol/record_kinds.h"

namespace redflag::storage {
namespace {

constexpr std::uint64_t kMaxMountBytes = 8U << 20;
constexpr std::size_t kMaxMounts = 1'900;  // each is a scope, and a scan has two thousand
constexpr std::size_t kMaxPointBytes = 1'000;
constexpr std::int64_t kPatienceNs = 2'000'000'000;
// A server that is gone may have left a mount for each of its users.
constexpr std::int64_t kAllPatienceNs = 5 * kPatienceNs;
constexpr std::int64_t kLeastPatienceNs = kPatienceNs / 20;
constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr const char* kSamples = "samples";

// What scopes, rows and their labels can carry. Whoever may mount something chooses these words, and a row
// that is refused fails the whole scan.
bool isTellable(std::string_view text) {
  return text.size() <= kMaxPointBytes && text.find('\n') == std::string_view::npos && isUtf8(text) &&
         protocol::isCleanText(text);
}

std::string_view tellable(std::string_view text) {
  return isTellable(text) ? text : std::string_view();
}

}  // namespace

const char* const kSettingsSchema = R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "skip_mounts": {
      "type": "array",
      "maxItems": 100,
      "items": {"type": "string", "pattern": "^/", "maxLength": 4096},
      "default": [],
      "title": "Folders to leave out",
      "description": "What is mounted there, or anywhere below, is not looked at."
    },
    "smart": {
      "type": "boolean",
      "default": false,
      "title": "Ask disks how they are, by SMART",
      "description": "Needs the package smartmontools; asked by the broker, with rights that it keeps only if agent.yaml itself says true when it starts. Disks that sleep are left asleep."
    }
  }
})";

rf::Value<Settings> parseSettings(std::string_view json) {
  const auto parsed = parseJson(json.empty() ? "{}" : json);
  if (!parsed) return {rf::Status::kInvalid, parsed.error().text};
  JsonReader in(*parsed, "settings");
  Settings settings;
  if (in.find("skip_mounts") != nullptr) settings.skip_mounts = in.texts("skip_mounts", 100);
  // "/mnt/" is meant as "/mnt" is.
  for (auto& folder : settings.skip_mounts)
    while (folder.size() > 1 && folder.ends_with('/'))
      folder.pop_back();
  settings.smart = in.optionalBoolean("smart", false);
  if (const auto read = in.finish(); !read) return {rf::Status::kInvalid, read.error().text};
  return settings;
}

rf::Status StorageScan::scan() {
  const auto mountinfo = files_.read("/proc/self/mountinfo", kMaxMountBytes);
  if (!mountinfo) return run_.fail(mountinfo.status(), "storage.no_mounts", mountinfo.text());
  const auto all = parseMounts(*mountinfo);
  const auto mounts = worthLooking(all, settings_.skip_mounts);
  if (mounts.size() > kMaxMounts)
    return run_.fail(rf::Status::kLimit, "storage.too_many_mounts",
                     "more than " + std::to_string(kMaxMounts) + " file systems are mounted");
  auto growth = Growth::from(state_.get(kSamples) ? *state_.get(kSamples) : "");
  std::vector<std::string> points;
  std::size_t odd = 0;
  for (const auto& mount : mounts) {
    if (run_.cancelled()) return rf::Status::kCancelled;
    if (!isTellable(mount.point)) {
      ++odd;
      continue;
    }
    look(mount, isRemote(mount) || isBeyondRemote(mount, all), growth);
    points.push_back(mount.point);
  }
  if (odd > 0)
    run_.report(rf::Status::kOk, "storage.odd_name",
                "left out for names that nothing can show: " + std::to_string(odd) + " mounts");
  disks_.report();
  if (settings_.smart) disks_.reportHealth();
  growth.keepOnly(points);
  // Without a forecast the rows are still true.
  if (const auto kept = state_.put(kSamples, growth.text());
      kept != rf::Status::kOk && kept != rf::Status::kUnsupported)
    run_.report(kept, "storage.not_kept", "how fast file systems fill cannot be told the next time");
  // A mount, or a disk, that fails has failed its own scope: the others' forecasts are kept, and go on.
  return rf::Status::kOk;
}

void StorageScan::look(const Mount& mount, bool patiently, Growth& growth) {
  auto scope = run_.scope(mount.point);
  const auto begun = clock_.monotonicNs();
  const auto patience_ns = std::clamp(kAllPatienceNs - waited_ns_, kLeastPatienceNs, kPatienceNs);
  const auto seen = patiently ? lookAtRemote(mount.point, patience_ns) : lookAt(mount.point);
  if (seen.reached == Reached::kHangs) {
    waited_ns_ += clock_.monotonicNs() - begun;
    return scope.fail(rf::Status::kTransient, "storage.hangs",
                      mount.point + " (" + mount.filesystem + ", " + mount.source + ") does not answer");
  }
  if (seen.reached == Reached::kNo) {
    // What only its owner may enter, such as a user's own fuse mount, is no failure of the machine's.
    if (seen.error == EACCES || seen.error == EPERM) {
      run_.report(rf::Status::kOk, "storage.not_ours", mount.point + " lets nobody but its owner in");
      return scope.complete();
    }
    return scope.fail(rf::Status::kPermanent, "storage.unreadable",
                      mount.point + ": " + std::generic_category().message(seen.error));
  }
  if (seen.usage.total_bytes > 0) tell(mount, seen.usage, growth);
  scope.complete();
}

void StorageScan::tell(const Mount& mount, const Usage& usage, Growth& growth) {
  auto row = run_.volume();
  row.list("layers", layers_.under(mount));
  row.mount(mount.point)
      .device(tellable(mount.source))
      .filesystem(tellable(mount.filesystem))
      .subvolume(tellable(mount.subvolume))
      .totalBytes(usage.total_bytes)
      .usedBytes(usage.used_bytes)
      .availableBytes(usage.available_bytes)
      .totalInodes(usage.total_inodes)
      .usedInodes(usage.used_inodes)
      .readOnly(mount.read_only)
      .remote(isRemote(mount) && mount.filesystem != "fuseblk")  // a program's, on a disk of this machine
      .commit();
  const std::string label = "mount=" + mount.point;
  static_cast<void>(run_.metric()
                        .name("filesystem_available_bytes")
                        .label(label)
                        .value(static_cast<double>(usage.available_bytes))
                        .commit());
  if (mount.read_only) return;
  growth.add(mount.point, {clock_.epochNs() / kSecondNs, usage.used_bytes});
  const auto days = growth.daysUntilFull(mount.point, usage.used_bytes + usage.available_bytes);
  if (days)
    static_cast<void>(run_.metric().name("filesystem_full_in_days").label(label).value(*days).commit());
}

}  // namespace redflag::storage
