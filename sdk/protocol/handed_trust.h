#pragma once
// What an agent hands back of the trust repository, as `{"metadata":{name: text…},"content":text}`
// (README.md).

#include <cstddef>

namespace redflag::protocol {

constexpr std::size_t kMaxHandedTrustBytes = 4U << 20;

}  // namespace redflag::protocol
