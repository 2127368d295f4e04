#pragma once
// Packages of Fedora's kind after whose update a machine wants to be started anew.

#include <algorithm>
#include <array>
#include <string_view>

namespace redflag::plugin {

// The list that libdnf5 5.4 has for `dnf5 needs-restarting`.
constexpr std::array<std::string_view, 12> kWantReboot{
    "kernel", "kernel-core", "kernel-rt",   "glibc",         "linux-firmware", "systemd",
    "dbus",   "dbus-broker", "dbus-daemon", "microcode_ctl", "gnutls",         "openssl-libs"};

inline bool wantsReboot(std::string_view name) {
  return std::find(kWantReboot.begin(), kWantReboot.end(), name) != kWantReboot.end();
}

}  // namespace redflag::plugin
