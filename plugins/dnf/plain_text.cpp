#include "plain_text.h"

#include <algorithm>

namespace redflag::dnf {
namespace {

constexpr std::size_t kMaxBytes = 256;

bool isMadeOf(const std::string& text, const char* signs) {
  return text.size() <= kMaxBytes && std::all_of(text.begin(), text.end(), [signs](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string(signs).find(c) != std::string::npos;
         });
}

// Identifiers have no grammar of their own; what people could be deceived with is not in them.
bool isPrintable(const std::string& text) {
  return !text.empty() && text.size() <= kMaxBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::string malformedPart(const Upgrade& upgrade) {
  if (!isPackageText(upgrade.name)) return "name";
  if (!isPackageText(upgrade.arch)) return "architecture";
  if (!isPackageText(upgrade.candidate_version)) return "version";
  if (!isMadeOf(upgrade.source_package, "-._+~^:%{}")) return "source package";
  if (!isMadeOf(upgrade.channel, "-._+~^:@/")) return "module";
  if (!std::all_of(upgrade.advisories.begin(), upgrade.advisories.end(), isPrintable)) return "advisory";
  if (!std::all_of(upgrade.cves.begin(), upgrade.cves.end(), isPrintable)) return "CVE";
  return {};
}

}  // namespace redflag::dnf
