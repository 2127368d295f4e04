#include "candidates.h"

#include <apt-pkg/indexfile.h>
#include <apt-pkg/metaindex.h>
#include <apt-pkg/policy.h>
#include <apt-pkg/sourcelist.h>

#include <cctype>
#include <string_view>

#include "archives.h"

namespace redflag::apt {
namespace {

std::string_view text(const char* value) {
  return value == nullptr ? std::string_view() : std::string_view(value);
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

std::string originOf(pkgCache::PkgFileIterator file) {
  if (file.end()) return {};
  auto origin = std::string(text(file.Origin()).empty() ? text(file.Site()) : text(file.Origin()));
  if (!text(file.Archive()).empty()) origin.append(":").append(text(file.Archive()));
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
  for (auto version = candidate.version; !version.end() && version != installed; ++version)
    for (auto file = version.FileList(); !file.end(); ++file)
      if (isSecurityFile(file.File())) return true;
  return false;
}

bool isKernelImage(const std::string& name) {
  constexpr std::string_view kPrefix = "linux-image-";
  return name.starts_with(kPrefix) && name.size() > kPrefix.size();
}

Describer::Describer(Session& session) : session_(session) {
  pkgCache& cache = session.cache();
  scopes_.resize(cache.Head().PackageFileCount);
  for (auto* source : session.sources())
    for (const auto* index : *source->GetIndexFiles()) {
      if (!index->HasPackages()) continue;
      if (const auto file = index->FindInCache(cache); !file.end())
        scopes_.at(file->ID) = archiveKey(source->GetURI(), source->GetDist());
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
