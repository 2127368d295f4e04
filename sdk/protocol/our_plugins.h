#pragma once
// The plugins of the house by their ids; every other id is a third party's.

#include <algorithm>
#include <array>
#include <string_view>

namespace redflag::protocol {

inline constexpr std::array<std::string_view, 8> kOurPlugins = {"apt",     "dnf",    "dnf5",   "docker",
                                                                "storage", "system", "winget", "wua"};

constexpr bool isOurPlugin(std::string_view id) {
  return std::find(kOurPlugins.begin(), kOurPlugins.end(), id) != kOurPlugins.end();
}

}  // namespace redflag::protocol
