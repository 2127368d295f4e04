// The percentage is in the cache, but libapt's headers show its place only to libapt.
#define APT_COMPILING_APT
#include "phasing.h"

#include <apt-pkg/configuration.h>
#include <sys/stat.h>

#include <fstream>
#include <random>
#include <string_view>

namespace redflag::apt {
namespace {

bool setting(const char* name) {
  return _config->FindB(std::string("APT::Get::") + name,
                        _config->FindB(std::string("Update-Manager::") + name, false));
}

std::string machineId() {
  auto id = _config->Find("APT::Machine-ID");
  if (!id.empty()) return id;
  auto path = _config->FindFile("Dir::Etc::machine-id");
  if (path.empty()) path = _config->FindDir("Dir") + "etc/machine-id";
  std::ifstream(path) >> id;
  return id;
}

// Another root is looked at from outside but patched inside a chroot. Who may not look at process 1 is not in
// one.
bool isChroot(const std::string& root) {
  struct stat ours {};
  struct stat first {};
  if (root != "/") return true;
  return stat("/", &ours) == 0 && stat("/proc/1/root/", &first) == 0 &&
         (ours.st_ino != first.st_ino || ours.st_dev != first.st_dev);
}

// The cache is one block that starts with its header; what it points to is counted from there.
unsigned int phasedPercentage(const pkgCache::VerIterator& version) {
  void* start = &version.Cache()->Head();
  return (static_cast<pkgCache::Version::Extra*>(start) + version->d)->PhasedUpdatePercentage;
}

// apt looks here at suites only, and only at versions below the phased one.
bool replacesSecurityUpdate(const Candidate& candidate) {
  const auto installed = candidate.package.CurrentVer();
  auto version = candidate.version;
  for (++version; !version.end() && version != installed; ++version)
    for (auto file = version.FileList(); !file.end(); ++file)
      if (const char* suite = file.File().Archive();
          suite != nullptr && std::string_view(suite).ends_with("-security"))
        return true;
  return false;
}

}  // namespace

const Phasing::Rule& Phasing::rule() {
  if (known_) return rule_;
  known_ = true;
  rule_.applies =
      !_config->FindB("APT::Get::Phase-Policy", false) && !setting("Always-Include-Phased-Updates");
  rule_.never = setting("Never-Include-Phased-Updates");
  rule_.machine_id = machineId();
  if (!rule_.never && (rule_.machine_id.empty() || isChroot(root_))) rule_.applies = false;
  return rule_;
}

bool Phasing::holdsBack(const Candidate& candidate) {
  const auto percentage = phasedPercentage(candidate.version);
  if (percentage == 100 || !rule().applies || replacesSecurityUpdate(candidate)) return false;
  if (rule().never) return true;
  const std::string seed_text = std::string(candidate.version.SourcePkgName()) + "-" +
                                candidate.version.SourceVerStr() + "-" + rule().machine_id;
  std::seed_seq seed(seed_text.begin(), seed_text.end());
  std::minstd_rand random(seed);
  return std::uniform_int_distribution<unsigned int>(0, 100)(random) > percentage;
}

}  // namespace redflag::apt
