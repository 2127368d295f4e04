#include "plain_text.h"

#include <algorithm>
#include <string_view>

namespace redflag::dnf {
namespace {

constexpr std::size_t kMaxBytes = 256;

bool isModule(std::string_view text) {
  constexpr std::string_view kSigns = "-._+~^:@/";
  return text.size() <= kMaxBytes && std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kSigns.find(c) != std::string_view::npos;
         });
}

}  // namespace

std::string malformedPart(const Upgrade& upgrade) {
  if (!isPackageText(upgrade.name)) return "name";
  if (!isPackageText(upgrade.arch)) return "architecture";
  if (!isPackageText(upgrade.candidate_version)) return "version";
  if (!upgrade.source_package.empty() && !isPackageText(upgrade.source_package)) return "source package";
  if (!isModule(upgrade.channel)) return "module";
  if (!std::all_of(upgrade.advisories.begin(), upgrade.advisories.end(), plugin::isPrintableText))
    return "advisory";
  if (!std::all_of(upgrade.cves.begin(), upgrade.cves.end(), plugin::isPrintableText)) return "CVE";
  return {};
}

}  // namespace redflag::dnf
