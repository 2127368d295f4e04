#pragma once
// What file systems lie on, as sysfs describes it: LVM's volumes, encryption, RAID, multipath, loop devices,
// down to disks. Source: sysfs-block and sysfs-block-dm in Linux's ABI documentation, and the prefixes of
// device mapper's UUIDs, by which its users (LVM, cryptsetup, multipath-tools) tell theirs apart.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mounts.h"
#include "redflag/sdk.hpp"

namespace redflag::storage {

class Layers {
 public:
  // Reads all devices at once; without sysfs nothing is known of any.
  explicit Layers(const rf::File& files);

  // From the top down, each a kind and a name: "lvm vg0/root", "crypt sda2_crypt", "raid1 md0", "disk sda",
  // "disk sdb". Partitions are left out. Empty where the file system lies on nothing that is known here.
  std::vector<std::string> under(const Mount& mount) const;

 private:
  struct Device {
    std::string layer;                // "disk sda"; "" for what is none of its own
    std::vector<std::string> slaves;  // names of what it is made of
  };
  void read(const rf::File& files, const std::string& name);
  void readPartitions(const rf::File& files, const std::string& disk);
  std::string nameOf(const Mount& mount) const;
  void follow(const std::string& name, std::vector<std::string>& visited,
              std::vector<std::string>& found) const;

  std::map<std::string, Device> devices_;
  std::map<std::string, std::string> by_number_;   // "8:1": "sda1"
  std::map<std::string, std::string> by_mapping_;  // device mapper's name: "dm-0"
};

// What device mapper calls a device, by its UUID and name; LVM's names as LVM itself writes them. "" for what
// is no layer of its own: partitions, and LVM's inner parts.
std::string mappedLayer(std::string_view uuid, std::string_view name);

}  // namespace redflag::storage
