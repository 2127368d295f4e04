#include "session.h"

#include <apt-pkg/aptconfiguration.h>
#include <apt-pkg/cachefile.h>
#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <apt-pkg/init.h>
#include <apt-pkg/pkgsystem.h>
#include <apt-pkg/policy.h>
#include <apt-pkg/sourcelist.h>

#include <fstream>

#include "apt_errors.h"
#include "cache_place.h"
#include "installed.h"
#include "readable.h"
#include "source_list.h"

namespace redflag::apt {
namespace {

// What `dpkg --print-foreign-architectures` would say, without starting it: the native one and those in
// dpkg's file.
void nameArchitectures() {
  if (_config->Exists("APT::Architectures")) return;
  const auto native = _config->Find("APT::Architecture");
  _config->Set("APT::Architectures::", native);
  std::ifstream file(flNotFile(_config->FindFile("Dir::State::status")) + "arch");
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line != native) _config->Set("APT::Architectures::", line);
}

// libapt hashes the whole of its cache each time it opens it, and names every index of every source:
// translations, which are a good part of both, and what else is fetched say nothing to us.
void lookAtPackagesOnly() {
  _config->Set("Acquire::Languages", "none");
  for (const auto* kind : {"Acquire::IndexTargets::deb", "Acquire::IndexTargets::deb-src"}) {
    std::vector<std::string> others;
    const auto* tree = _config->Tree(kind);
    for (const auto* target = tree == nullptr ? nullptr : tree->Child; target != nullptr;
         target = target->Next)
      if (target->Tag != "Packages") others.push_back(target->FullTag());
    for (const auto& target : others)
      _config->Set((target + "::DefaultEnabled").c_str(), false);
  }
}

}  // namespace

Result<> configureApt(const Settings& settings, CacheUse cache_use) {
  forgetAptErrors();
  _config->Clear();
  if (settings.root != "/") {
    const auto root = settings.root.back() == '/' ? settings.root : settings.root + "/";
    _config->Set("Dir", root);
    _config->Set("Dir::State::status", root + "var/lib/dpkg/status");
    _config->Set("Dir::Log", root + "var/log/apt");
    _config->Set("DPkg::Chroot-Directory", root);
  }
  // At a fault in its settings every command of apt ends, and libapt forgets what stands behind it in the
  // file: pins and a default release may be among it. What may not be read the scan names.
  if (!pkgInitConfig(*_config) || (aptFailed() && unreadableConfiguration().empty()))
    return fail(RF_PERMANENT, "apt.configuration", takeAptErrors());
  nameArchitectures();
  if (cache_use == CacheUse::kOwn) lookAtPackagesOnly();
  // libapt remembers those of an earlier root.
  static_cast<void>(APT::Configuration::getArchitectures(false));
  static_cast<void>(APT::Configuration::getLanguages(true, false));
  useCacheIn(cache_use == CacheUse::kOwn ? cachePlace(settings) : "");
  if (!pkgInitSystem(*_config, _system)) return fail(RF_NOT_APPLICABLE, "apt.no_system", takeAptErrors());
  // What somebody's settings make apt warn of is not ours to report with whatever comes next.
  forgetAptErrors();
  return {};
}

struct Session::Parts {
  // pkgCacheFile makes its list of sources itself, and gives up at the first bad entry; this one brings its
  // own.
  class CacheFile : public pkgCacheFile {
   public:
    explicit CacheFile(pkgSourceList* sources) { SrcList = sources; }
  };

  std::vector<BrokenSource> broken;
  std::unique_ptr<CacheFile> file;
  std::vector<pkgCache::PkgIterator> installed;
};

Session::Session(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(const std::vector<std::string>& packages) {
  if (const auto hidden = unreadablePreferences(); !hidden.empty())
    return fail(RF_DENIED, "apt.preferences_unreadable",
                hidden.front() + ": the user who scans may not read these pins: make the file readable");
  auto parts = std::make_unique<Parts>();
  auto sources = readSources(parts->broken);
  for (const auto& package : packages)
    if (!sources->AddVolatileFile(package)) return fail(RF_PERMANENT, "apt.package_broken", takeAptErrors());
  parts->file = std::make_unique<Parts::CacheFile>(sources.release());
  if (!parts->file->BuildCaches(nullptr, false))
    return fail(RF_TRANSIENT, "apt.lists_broken", takeAptErrors());
  if (!parts->file->BuildPolicy() || aptFailed())
    return fail(RF_PERMANENT, "apt.preferences_broken", takeAptErrors());
  forgetAptErrors();
  parts->installed = findInstalled(*parts->file->GetPkgCache());
  return std::unique_ptr<Session>(new Session(std::move(parts)));
}

pkgCache& Session::cache() {
  return *parts_->file->GetPkgCache();
}
pkgPolicy& Session::policy() {
  return *parts_->file->GetPolicy();
}
pkgSourceList& Session::sources() {
  return *parts_->file->GetSourceList();
}
const std::vector<BrokenSource>& Session::brokenSources() const {
  return parts_->broken;
}

const std::vector<pkgCache::PkgIterator>& Session::installed() const {
  return parts_->installed;
}

Result<> requireInstalled(const Session& session) {
  if (!session.installed().empty()) return {};
  return fail(RF_PERMANENT, "apt.database_empty",
              _config->FindFile("Dir::State::status") +
                  " names no installed package; dpkg's daily copies are in /var/backups");
}

Result<pkgDepCache*> Session::dependencies() {
  if (!parts_->file->BuildDepCache() || aptFailed())
    return fail(RF_PERMANENT, "apt.dependencies", takeAptErrors());
  return parts_->file->GetDepCache();
}

}  // namespace redflag::apt
