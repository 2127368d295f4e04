#pragma once
// A scan as a person reads it on a terminal.

#include <string>

#include "supervisor/scan_report.h"

namespace redflag::kernel {

std::string scanText(const ScanReport& report);

}  // namespace redflag::kernel
