#pragma once
// What may be asked about the machine's disks: /smart, how they say they are (SMART). smartmontools asks
// them, by the rights of whoever runs this; a fixed list of what it answers is handed on, no serial numbers.
// Source: smartctl(8), its output as JSON of smartmontools 7.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace redflag::kernel {

// In place of a socket: "http:unix:/dev" is the capability.
constexpr std::string_view kDisks = "/dev";

struct SmartPlaces {
  std::filesystem::path program = "/usr/sbin/smartctl";
  std::filesystem::path block_devices = "/sys/block";
};

bool isSmartQuestion(std::string_view target);  // exactly /smart

// Disks that could answer: SATA, SAS and NVMe, by name, at most 64. Not what only lends another one's place.
std::vector<std::string> disksToAsk(const std::filesystem::path& block_devices);

// {"disks":[{"name","health","text","numbers":{"smart_…":n}}…]}; health: passed, failing, asleep (and left
// so), unsupported (by smartctl, too: behind a RAID controller, or a bridge it does not know), unreadable
// (with why in text). kNotFound: smartmontools is not installed. A disk that does not answer within ten
// seconds is unreadable; those for which no time is left are, too.
Result<std::string> disksHealthJson(const SmartPlaces& places, std::int64_t until_ns,
                                    const std::atomic<bool>& stopping);

// One entry of that, from what smartctl printed.
Json diskHealth(const std::string& name, int exit_code, std::string_view printed);

}  // namespace redflag::kernel
