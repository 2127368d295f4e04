#include "common/package_text.h"

#include <algorithm>

namespace redflag::plugin {

bool isPackageText(std::string_view text) {
  constexpr std::size_t kMaxBytes = 256;
  constexpr std::string_view kSigns = "-._+~^:%{}";
  return !text.empty() && text.size() <= kMaxBytes && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

}  // namespace redflag::plugin
