#include "block_devices.h"

#include <algorithm>
#include <charconv>

#include "sysfs.h"

namespace redflag::storage {
namespace {

constexpr std::int64_t kSectorBytes = 512;  // whatever the device's own are
constexpr std::size_t kMaxDevices = 256;

std::int64_t sizeOf(const std::string& sectors) {
  std::int64_t count = 0;
  const auto* const last = sectors.data() + sectors.size();
  const auto [stop, error] = std::from_chars(sectors.data(), last, count);
  if (error != std::errc() || stop != last || count < 0 || count > INT64_MAX / kSectorBytes) return 0;
  return count * kSectorBytes;
}

// With nothing in them these drives have a size all the same: the kernel's guess.
bool isEmptyDrive(const std::string& name, const std::string& sectors) {
  return (name.starts_with("sr") && sectors == "2097151") || (name.starts_with("fd") && sectors == "8");
}

std::optional<bool> flagOf(const std::string& value) {
  return value == "0" || value == "1" ? std::optional(value == "1") : std::nullopt;
}

}  // namespace

rf::Value<std::vector<BlockDevice>> readBlockDevices(const rf::File& files) {
  const auto names = files.list(kSysfsBlock);
  if (!names) return {names.status(), names.text()};
  std::vector<BlockDevice> found;
  for (const auto& name : *names) {
    if (found.size() == kMaxDevices) break;
    if (!files.info(sysfsPath(name, "device"))) continue;
    // One of several ways to an NVMe disk that has a name of its own.
    if (sysfsValue(files, name, "hidden") == "1") continue;
    const auto sectors = sysfsValue(files, name, "size");
    if (isEmptyDrive(name, sectors)) continue;
    BlockDevice device{name, sysfsValue(files, name, "device/model"), sizeOf(sectors),
                       flagOf(sysfsValue(files, name, "queue/rotational")),
                       flagOf(sysfsValue(files, name, "removable"))};
    if (device.size_bytes > 0) found.push_back(std::move(device));
  }
  return found;
}

}  // namespace redflag::storage
