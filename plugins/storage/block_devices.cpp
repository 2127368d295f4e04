#include "block_devices.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace redflag::storage {
namespace {

constexpr const char* kDevices = "/sys/block";
constexpr std::uint64_t kMaxValueBytes = 4096;
constexpr std::int64_t kSectorBytes = 512;  // whatever the device's own are
constexpr std::size_t kMaxDevices = 256;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

// One value; "" where there is none.
std::string valueOf(const rf::File& files, const std::string& device, const char* name) {
  const auto content = files.read(std::string(kDevices) + "/" + device + "/" + name, kMaxValueBytes);
  return content ? std::string(trimmed(*content)) : std::string();
}

std::int64_t sizeOf(const std::string& sectors) {
  std::int64_t count = 0;
  const auto* const last = sectors.data() + sectors.size();
  const auto [stop, error] = std::from_chars(sectors.data(), last, count);
  if (error != std::errc() || stop != last || count < 0 || count > INT64_MAX / kSectorBytes) return 0;
  return count * kSectorBytes;
}

std::optional<bool> flagOf(const std::string& value) {
  return value == "0" || value == "1" ? std::optional(value == "1") : std::nullopt;
}

}  // namespace

rf::Value<std::vector<BlockDevice>> readBlockDevices(const rf::File& files) {
  const auto names = files.list(kDevices);
  if (!names) return {names.status(), names.text()};
  std::vector<BlockDevice> found;
  for (const auto& name : *names) {
    if (found.size() == kMaxDevices) break;
    if (!files.info(std::string(kDevices) + "/" + name + "/device")) continue;
    BlockDevice device{name, valueOf(files, name, "device/model"), sizeOf(valueOf(files, name, "size")),
                       flagOf(valueOf(files, name, "queue/rotational")),
                       flagOf(valueOf(files, name, "removable"))};
    if (device.size_bytes > 0) found.push_back(std::move(device));
  }
  return found;
}

}  // namespace redflag::storage
