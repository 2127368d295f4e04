#pragma once
// What travels between kernel and broker. One connection is one host: when it ends, the host is killed.
//
//   kernel: {"op":"start","plugin":"apt"}, and "command_id" where an order is behind it: for the log alone
//   broker: {"started":true,"pid":4711}  and the host's socket;  or {"refused":{"status","code","text"}}
//   kernel: {"op":"kill"}, at any time
//   broker: {"ended":{"exited":true,"code":0,"signal":0}}
//
//   kernel: {"op":"status"}   broker: {"version":"0.1.0","hosts":1}
//
//   kernel: {"op":"fingerprint","salt":"64 hexadecimal digits"}
//   broker: {"marks":[{"source":"disks","hash":"64 hexadecimal digits"}…]}   what of it is root's to read
//   never leaves

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace redflag::kernel {

constexpr std::size_t kMaxBrokerRequest = 4096;
constexpr std::size_t kMaxBrokerAnswer = 64U << 10;
constexpr std::int64_t kBrokerPatienceNs = 10 * kSecondNs;

}  // namespace redflag::kernel
