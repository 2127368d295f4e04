#include "layers.h"

#include <algorithm>
#include <cctype>

#include "sysfs.h"

namespace redflag::storage {
namespace {

constexpr std::size_t kMaxLayered = 4096;
constexpr std::size_t kMaxLayers = 64;
constexpr std::string_view kLvm = "LVM-";
constexpr std::size_t kLvmIdBytes = 64;  // the group's and the volume's

// "loop0" is a "loop".
std::string kindOfName(const std::string& name) {
  const auto letters = std::find_if(name.begin(), name.end(),
                                    [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  const std::string kind(name.begin(), letters);
  return kind.empty() || letters == name.end() ? "device" : kind;
}

std::string layer(std::string_view kind, std::string_view name) {
  std::string text(kind);
  return text.append(" ").append(name);
}

std::string layerOf(const rf::File& files, const std::string& name) {
  if (const auto mapping = sysfsValue(files, name, "dm/name"); !mapping.empty())
    return mappedLayer(sysfsValue(files, name, "dm/uuid"), mapping);
  if (const auto level = sysfsValue(files, name, "md/level"); !level.empty()) return layer(level, name);
  if (const auto file = sysfsValue(files, name, "loop/backing_file"); !file.empty())
    return layer("loop", file);
  if (files.info(sysfsPath(name, "device"))) return layer("disk", name);
  return layer(kindOfName(name), name);
}

// LVM writes a hyphen within a name as two, and one between the group's and the volume's.
std::string lvmName(std::string_view mapping) {
  std::string name;
  bool in_group = true;
  for (std::size_t i = 0; i < mapping.size(); ++i) {
    const bool is_doubled = mapping.substr(i, 2) == "--";
    if (mapping[i] == '-' && !is_doubled && in_group) {
      name += '/';
      in_group = false;
      continue;
    }
    name += mapping[i];
    if (is_doubled) ++i;
  }
  return name;
}

}  // namespace

std::string mappedLayer(std::string_view uuid, std::string_view name) {
  // With more behind it, it is a part that LVM made for itself of a volume (of a thin pool, a cache).
  if (uuid.starts_with(kLvm))
    return uuid.size() > kLvm.size() + kLvmIdBytes ? "" : layer("lvm", lvmName(name));
  if (uuid.starts_with("CRYPT-")) return layer("crypt", name);
  if (uuid.starts_with("mpath-")) return layer("multipath", name);
  // kpartx's, of whatever lies below it.
  if (uuid.starts_with("part") && uuid.find('-') != std::string_view::npos) return {};
  return layer("mapper", name);
}

Layers::Layers(const rf::File& files) {
  const auto names = files.list(kSysfsBlock);
  if (!names) return;
  for (const auto& name : *names) {
    if (devices_.size() >= kMaxLayered) return;
    read(files, name);
    readPartitions(files, name);
  }
}

void Layers::read(const rf::File& files, const std::string& name) {
  const auto slaves = files.list(sysfsPath(name, "slaves"));
  devices_[name] = {layerOf(files, name), slaves ? *slaves : std::vector<std::string>()};
  by_number_[sysfsValue(files, name, "dev")] = name;
  if (const auto mapping = sysfsValue(files, name, "dm/name"); !mapping.empty()) by_mapping_[mapping] = name;
}

void Layers::readPartitions(const rf::File& files, const std::string& disk) {
  const auto entries = files.list(sysfsPath(disk, ""));
  if (!entries) return;
  for (const auto& entry : *entries) {
    if (!entry.starts_with(disk) || devices_.size() >= kMaxLayered) continue;
    const auto number = sysfsValue(files, disk, entry + "/dev");
    if (number.empty()) continue;
    devices_[entry] = {"", {disk}};
    by_number_[number] = entry;
  }
}

std::vector<std::string> Layers::under(const Mount& mount) const {
  if (mount.filesystem == "zfs") return {layer("zfs", mount.source.substr(0, mount.source.find('/')))};
  std::vector<std::string> visited;
  std::vector<std::string> found;
  follow(nameOf(mount), visited, found);
  return found;
}

// btrfs has a number of its own and names one of its devices.
std::string Layers::nameOf(const Mount& mount) const {
  constexpr std::string_view kDev = "/dev/";
  constexpr std::string_view kMapper = "/dev/mapper/";
  if (const auto numbered = by_number_.find(mount.device); numbered != by_number_.end())
    return numbered->second;
  if (mount.source.starts_with(kMapper)) {
    const auto mapped = by_mapping_.find(mount.source.substr(kMapper.size()));
    return mapped == by_mapping_.end() ? std::string() : mapped->second;
  }
  return mount.source.starts_with(kDev) ? mount.source.substr(kDev.size()) : std::string();
}

void Layers::follow(const std::string& name, std::vector<std::string>& visited,
                    std::vector<std::string>& found) const {
  const auto device = devices_.find(name);
  const bool is_known = std::find(visited.begin(), visited.end(), name) != visited.end();
  if (device == devices_.end() || is_known || visited.size() == kMaxLayers) return;
  visited.push_back(name);
  if (!device->second.layer.empty()) found.push_back(device->second.layer);
  for (const auto& slave : device->second.slaves)
    follow(slave, visited, found);
}

}  // namespace redflag::storage
