#include "cache_place.h"

#include <apt-pkg/configuration.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "common/own_folder.h"

namespace redflag::apt {
namespace {

time_t secondOfChange(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

// libapt knows its inputs by size and by the second in which they changed. A cache made in the very second
// may be older than they are without libapt seeing it: "2.0" became "2.1" and nothing else changed.
void forgetIfMadeWhile(const std::string& cache, const std::string& input) {
  const auto made = secondOfChange(cache);
  if (made != 0 && made <= secondOfChange(input)) unlink(cache.c_str());
}

// What libapt was writing when the disk was full, or when it was killed: it takes the name of the cache, and
// more, and nobody removes it. Another one may be at it now.
void forgetUnfinished(const std::string& folder) {
  constexpr time_t kLongestS = 600;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto path = entry.path().string();
    const bool unfinished = path.find("pkgcache.bin.", folder.size()) != std::string::npos;
    if (unfinished && secondOfChange(path) + kLongestS < time(nullptr)) unlink(path.c_str());
  }
}

}  // namespace

std::string cachePlace(const Settings& settings) {
  return plugin::ownFolder(settings.cache_dir, "apt");
}

void useCacheIn(const std::string& folder) {
  const auto whole = folder.empty() ? "" : folder + "/pkgcache.bin";
  const auto archives = folder.empty() ? "" : folder + "/srcpkgcache.bin";
  _config->Set("Dir::Cache::pkgcache", whole);
  _config->Set("Dir::Cache::srcpkgcache", archives);
  if (folder.empty()) return;
  forgetUnfinished(folder);
  const auto lists = _config->FindDir("Dir::State::lists");
  forgetIfMadeWhile(archives, lists);
  forgetIfMadeWhile(whole, lists);
  forgetIfMadeWhile(whole, _config->FindFile("Dir::State::status"));
}

}  // namespace redflag::apt
