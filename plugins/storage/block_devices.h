#pragma once
// The machine's disks, as sysfs describes them. Source: sysfs-block in Linux's ABI documentation.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "redflag/sdk.hpp"

namespace redflag::storage {

struct BlockDevice {
  std::string name;   // "sda", "nvme0n1"
  std::string model;  // "" where it has none, as virtual ones
  std::int64_t size_bytes = 0;
  std::optional<bool> rotational;
  std::optional<bool> removable;

  bool operator==(const BlockDevice&) const = default;
};

// What is plugged into the machine, with something in it, by name: no loop devices, no memory, nothing that
// is made out of other disks (LVM, RAID). kNotApplicable: there is no sysfs.
rf::Value<std::vector<BlockDevice>> readBlockDevices(const rf::File& files);

}  // namespace redflag::storage
