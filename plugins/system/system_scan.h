#pragma once
// What machine this is and how it is, from files alone; which of its services have to be restarted, and which
// of its units have failed.

#include <string>
#include <vector>

#include "failed_units.h"
#include "outdated_services.h"
#include "reboot_packages.h"
#include "redflag/sdk.hpp"

namespace redflag::system {

class SystemScan {
 public:
  SystemScan(const rf::Host& host, rf::Run& run)
      : files_(host), run_(run), replaced_(host), services_(host, run), units_(host, run) {}
  rf::Status scan();

 private:
  // The content; "" if there is no such file. Other failures are reported and make the scan fail.
  std::string read(const std::string& path);
  void operatingSystem();
  void kernelAndReboot();
  void memory();
  void processors();
  void load();
  void pressure();
  void metric(const std::string& name, double value);

  rf::File files_;
  rf::Run& run_;
  RebootPackages replaced_;
  OutdatedServices services_;
  FailedUnits units_;
};

}  // namespace redflag::system
