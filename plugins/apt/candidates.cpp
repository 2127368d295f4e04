#include "candidates.h"

#include <apt-pkg/pkgsystem.h>
#include <apt-pkg/policy.h>
#include <apt-pkg/version.h>

#include <string_view>
#include <unordered_map>

#include "common/package_text.h"

namespace redflag::apt {
namespace {

std::string_view text(const char* value) {
  return value == nullptr ? std::string_view() : std::string_view(value);
}

// Of a list: archives differ in it, whichever folder it lies in.
std::string_view nameOf(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool isArchive(pkgCache::PkgFileIterator file) {
  return (file->Flags & (pkgCache::Flag::NotSource | pkgCache::Flag::LocalSource)) == 0;
}

// The file of a version that says best where it comes from: a security archive, else the one of highest
// priority.
pkgCache::PkgFileIterator bestFile(Session& session, pkgCache::VerIterator version) {
  pkgCache::PkgFileIterator best;
  for (auto file = version.FileList(); !file.end(); ++file) {
    if (!isArchive(file.File())) continue;
    if (isSecurityFile(file.File())) return file.File();
    if (best.end() || session.policy().GetPriority(file.File()) > session.policy().GetPriority(best))
      best = file.File();
  }
  return best;
}

// What an archive calls itself is shown to people: where that could deceive them it is its host instead.
std::string originOf(pkgCache::PkgFileIterator file) {
  if (file.end()) return {};
  const auto own_name = text(file.Origin());
  const auto suite = text(file.Archive());
  auto origin = std::string(plugin::isPrintableText(own_name) ? own_name : text(file.Site()));
  if (plugin::isPrintableText(suite)) origin.append(":").append(suite);
  return origin;
}

}  // namespace

std::vector<Candidate> findCandidates(Session& session) {
  std::vector<Candidate> candidates;
  auto& policy = session.policy();
  for (const auto& package : session.installed()) {
    const auto version = policy.GetCandidateVer(package);
    if (!version.end() && version.CompareVer(package.CurrentVer()) > 0)
      candidates.push_back({package, version});
  }
  return candidates;
}

bool isSecurityFile(pkgCache::PkgFileIterator file) {
  return isArchive(file) &&
         (text(file.Archive()).ends_with("-security") || text(file.Codename()).ends_with("-security") ||
          text(file.Label()) == "Debian-Security");
}

bool isSecurity(const Candidate& candidate) {
  const auto installed = candidate.package.CurrentVer();
  // What is installed may also be offered anew under the same version.
  const auto isNewer = [&](const pkgCache::VerIterator& version) {
    return installed.end() || _system->VS->CmpVersion(version.VerStr(), installed.VerStr()) > 0;
  };
  for (auto version = candidate.version; !version.end() && isNewer(version); ++version)
    for (auto file = version.FileList(); !file.end(); ++file)
      if (isSecurityFile(file.File())) return true;
  return false;
}

bool isKernelImage(const std::string& name) {
  constexpr std::string_view kDebians = "linux-image-";
  if (name.ends_with("-dbg") || name.ends_with("-dbgsym")) return false;
  if (name.starts_with(kDebians)) return name.size() > kDebians.size();
  // What stands behind these of Proxmox may be a helper's name as well.
  for (const std::string_view proxmox : {"proxmox-kernel-", "pve-kernel-"})
    if (name.starts_with(proxmox))
      return name.size() > proxmox.size() && name[proxmox.size()] >= '0' && name[proxmox.size()] <= '9';
  return name == "raspberrypi-kernel";
}

// By the names of files alone: libapt finds an index in its cache only as long as the file is still the one
// that was read, and the rows of a list that was replaced in this moment would belong to nobody.
Describer::Describer(Session& session, const std::vector<Archive>& archives) : session_(session) {
  std::unordered_map<std::string_view, const std::string*> keys;
  for (const auto& archive : archives)
    for (const auto& file : archive.files)
      keys.emplace(nameOf(file), &archive.key);
  pkgCache& cache = session.cache();
  scopes_.resize(cache.Head().PackageFileCount);
  for (auto file = cache.FileBegin(); !file.end(); ++file) {
    const auto name = nameOf(text(file.FileName()));
    auto found = keys.find(name);
    if (found == keys.end()) found = keys.find(name.substr(0, name.rfind('.')));  // compressed
    if (found != keys.end()) scopes_.at(file->ID) = *found->second;
  }
}

Upgrade Describer::describe(const Candidate& candidate) const {
  const auto file = bestFile(session_, candidate.version);
  Upgrade upgrade;
  if (!file.end()) upgrade.scope = scopes_.at(file->ID);
  upgrade.name = candidate.package.Name();
  upgrade.arch = candidate.version.Arch();
  upgrade.package_arch = candidate.package.Arch();
  upgrade.installed_version = candidate.package.CurrentVer().VerStr();
  upgrade.candidate_version = candidate.version.VerStr();
  upgrade.source_package = text(candidate.version.SourcePkgName());
  upgrade.origin = originOf(file);
  upgrade.security = isSecurity(candidate);
  upgrade.needs_reboot = isKernelImage(upgrade.name);
  upgrade.download_bytes = static_cast<std::int64_t>(candidate.version->Size);
  upgrade.installed_bytes = static_cast<std::int64_t>(candidate.version->InstalledSize);
  return upgrade;
}

}  // namespace redflag::apt
