#include "plain_text.h"

#include "common/package_text.h"

namespace redflag::apt {

std::string malformedPart(const Upgrade& upgrade) {
  using plugin::isPackageText;
  if (!isPackageText(upgrade.name)) return "name";
  if (!isPackageText(upgrade.arch)) return "architecture";
  if (!isPackageText(upgrade.candidate_version)) return "version";
  if (!upgrade.source_package.empty() && !isPackageText(upgrade.source_package)) return "source package";
  return {};
}

}  // namespace redflag::apt
