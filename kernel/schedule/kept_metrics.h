#pragma once
// What stays of a scan that a newer one displaces before the server has it: what it measured. The picture of
// the machine is the newest scan's, a series of measurements is made of all of them.

#include <optional>

#include "spool/spool.h"

namespace redflag::kernel {

// nullopt: it measured nothing. Its subject names the ten minutes it was measured in, which is as fine as the
// server keeps a series: of more measurements in that time the last one stays.
std::optional<SpoolItem> metricsOf(const SpoolItem& displaced);

}  // namespace redflag::kernel
