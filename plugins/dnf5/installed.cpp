#include "installed.h"

#include "answers.h"
#include "rpm_version.h"

namespace redflag::dnf5 {

Result<InstalledPackages> InstalledPackages::read(const Client& client) {
  const auto printed =
      client.text({kWithoutExcludes, "repoquery", "--installed", "--queryformat", kReasonFormat});
  if (!printed) return tl::unexpected<Problem>(printed.error());
  const auto packages = parseReasons(*printed);
  if (!packages) return tl::unexpected<Problem>(packages.error());
  if (packages->empty())
    return fail(RF_PERMANENT, "dnf5.database_empty", "rpm's database names no installed package");
  InstalledPackages installed;
  for (const auto& package : *packages)
    installed.packages_.emplace(
        package.name, InstalledPackage{package.arch, package.evr, package.reason, package.installed_bytes});
  return installed;
}

const InstalledPackage* InstalledPackages::find(const std::string& name, const std::string& arch,
                                                const std::string& evr) const {
  const auto [begin, end] = packages_.equal_range(name);
  for (auto at = begin; at != end; ++at)
    if (at->second.arch == arch && at->second.evr == evr) return &at->second;
  return nullptr;
}

std::vector<std::string> InstalledPackages::versionsOf(const std::string& name,
                                                       const std::string& arch) const {
  std::vector<std::string> versions;
  const auto [begin, end] = packages_.equal_range(name);
  for (auto at = begin; at != end; ++at)
    if (arch.empty() || at->second.arch == arch) versions.push_back(at->second.evr);
  return versions;
}

std::string InstalledPackages::newestOf(const std::string& name) const {
  std::string newest;
  for (const auto& version : versionsOf(name, ""))
    if (newest.empty() || compareEvr(version, newest) > 0) newest = version;
  return newest;
}

}  // namespace redflag::dnf5
