#include "common/package_text.h"

#include <algorithm>

namespace redflag::plugin {
namespace {

constexpr std::size_t kMaxPackageText = 256;
constexpr std::string_view kPackageSigns = "-._+~^:%{}";

}  // namespace

bool isPackageText(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPackageText && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kPackageSigns.find(c) != std::string_view::npos;
         });
}

bool isPrintableText(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPackageText &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace redflag::plugin
