#pragma once
// Which kernel a reboot would bring.

#include <string>
#include <string_view>
#include <vector>

namespace redflag::system {

// The newest of the kernels in /boot that are of the running one's flavour ("6.1.0-37-cloud-amd64":
// "cloud-amd64"), by the names of their images. "" if the running kernel is not among them: a container's
// comes from elsewhere.
std::string newestInstalled(const std::vector<std::string>& boot_names, std::string_view running);

}  // namespace redflag::system
