#pragma once
// A finished scan as others see it: the item for the server, and what `redflag-agent scan` prints.

#include <string>

#include "supervisor/run.h"

namespace redflag::kernel {

struct ScanReport {
  std::string id;
  std::string plugin;
  std::string plugin_version;
  std::string purpose;
  std::string trigger;  // schedule | manual | command | verify
  std::string command_id;
  std::string boot_id;
  RunOutcome outcome;
};

// The body of a `scan` item (protocol/README.md). As text: the records are not parsed again.
std::string scanItem(const ScanReport& report);
// One entry of {"scans":[…]} as `redflag-agent scan --format json` prints it.
std::string scanEntry(const ScanReport& report);

}  // namespace redflag::kernel
