#pragma once
// An order may have waited for hours, and the clock on the wall may have been set back meanwhile.

#include <string>

#include "base/time.h"
#include "executor/journal.h"
#include "protocol/refused.h"

namespace redflag::kernel {

// kNotYetValid or kExpired, by the wall and, in the boot it was accepted in, by the time that passed.
protocol::Verdict<> stillValid(const JournalEntry& entry, const Clock& clock, const std::string& boot_id);

}  // namespace redflag::kernel
