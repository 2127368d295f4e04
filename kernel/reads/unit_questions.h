#pragma once
// What may be asked of the machine's service manager: /failed, which of its units have failed and why.
// systemctl asks it, by the rights of whoever runs this. Source: systemctl(1), whose `show` is meant to be
// read by programs, and systemd's Result= properties (org.freedesktop.systemd1(5)).

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace redflag::kernel {

// In place of a socket: "http:unix:/run/systemd" is the capability.
constexpr std::string_view kUnits = "/run/systemd";

struct UnitPlaces {
  std::filesystem::path program = "/usr/bin/systemctl";
  std::filesystem::path booted = "/run/systemd/system";  // there where systemd runs the machine: sd_booted(3)
};

bool isUnitQuestion(std::string_view target);  // exactly /failed

// {"units":[{"name","description","result","status"}…]}, at most 200, and where more have failed "total": how
// many; status: a service's own exit code, 0 where there is none. kNotFound: something else than systemd runs
// this machine.
Result<std::string> failedUnitsJson(const UnitPlaces& places, std::int64_t until_ns,
                                    const std::atomic<bool>& stopping);

// That, from what systemctl printed. kInvalid: it was not understood.
Result<Json> failedUnits(std::string_view printed);

}  // namespace redflag::kernel
