#pragma once
// What this machine says about itself.

#include <string>

namespace redflag::platform {

struct MachineFacts {
  std::string hostname;
  std::string os_name;     // "Debian GNU/Linux"
  std::string os_version;  // "12"
  std::string kernel;      // "6.1.0-18-amd64"
  std::string platform;    // "linux-x86_64"
};

MachineFacts machineFacts();
// The same as long as the system is installed, another one on each machine; "" when the system has none.
std::string machineId();
// Another value after each boot; "" when the system has none.
std::string bootId();

}  // namespace redflag::platform
