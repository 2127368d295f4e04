#pragma once
// Packages of Fedora's kind after whose update a machine wants to be started anew.

#include <algorithm>
#include <array>
#include <string_view>

namespace redflag::plugin {

// The list that libdnf5 5.4 has for `dnf5 needs-restarting`, and the kernels that it does not know: Oracle's,
// which that distribution adds to it, Red Hat's others and ELRepo's.
constexpr std::array<std::string_view, 21> kWantReboot{
    "kernel",         "kernel-core",     "kernel-rt",      "glibc",         "linux-firmware",  "systemd",
    "dbus",           "dbus-broker",     "dbus-daemon",    "microcode_ctl", "gnutls",          "openssl-libs",
    "kernel-uek",     "kernel-uek-core", "kernel-rt-core", "kernel-64k",    "kernel-64k-core", "kernel-lt",
    "kernel-lt-core", "kernel-ml",       "kernel-ml-core"};

inline bool wantsReboot(std::string_view name) {
  return std::find(kWantReboot.begin(), kWantReboot.end(), name) != kWantReboot.end();
}

}  // namespace redflag::plugin
