#include "sysfs.h"

#include <algorithm>
#include <string_view>

namespace redflag::storage {
namespace {

constexpr std::uint64_t kMaxValueBytes = 4096;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

}  // namespace

std::string sysfsPath(const std::string& device, const std::string& name) {
  std::string path = kSysfsBlock;
  path.append("/").append(device);
  if (!name.empty()) path.append("/").append(name);
  return path;
}

std::string sysfsValue(const rf::File& files, const std::string& device, const std::string& name) {
  const auto content = files.read(sysfsPath(device, name), kMaxValueBytes);
  const auto value = content ? trimmed(*content) : std::string_view();
  const bool is_plain = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return is_plain ? std::string(value) : std::string();
}

}  // namespace redflag::storage
