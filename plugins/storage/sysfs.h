#pragma once
// One value a file, as sysfs gives it.

#include <string>

#include "redflag/sdk.hpp"

namespace redflag::storage {

inline constexpr const char* kSysfsBlock = "/sys/block";

// `name` below a block device's folder.
std::string sysfsPath(const std::string& device, const std::string& name);
// Without blanks around it; "" where there is none, or not all of it is printable ASCII: devices and files
// have some of these names from whoever plugged them in or made them.
std::string sysfsValue(const rf::File& files, const std::string& device, const std::string& name);

}  // namespace redflag::storage
