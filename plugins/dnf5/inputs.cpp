#include "inputs.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

namespace redflag::dnf5 {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 3;  // of a folder of configuration

class Inputs {
 public:
  explicit Inputs(fs::path root) : root_(std::move(root)) {}

  void file(const fs::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return;
    text_ += path.string();
    for (const auto number :
         {static_cast<long long>(info.st_ino), static_cast<long long>(info.st_size),
          static_cast<long long>(info.st_mtim.tv_sec), static_cast<long long>(info.st_mtim.tv_nsec),
          static_cast<long long>(info.st_ctim.tv_sec), static_cast<long long>(info.st_ctim.tv_nsec)})
      text_ += ' ' + std::to_string(number);
    text_ += '\n';
  }
  // The files in a folder, `levels` deep. A folder's own times say nothing of what is read.
  void files(const fs::path& folder, int levels) {
    for (const auto& path : entries(folder)) {
      std::error_code error;
      if (!fs::is_directory(path, error)) {
        file(path);
      } else if (levels > 1) {
        files(path, levels - 1);
      }
    }
  }
  static std::vector<fs::path> entries(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
      found.push_back(at->path());
    std::sort(found.begin(), found.end());
    return found;
  }
  fs::path in(const char* path) const { return root_ / path; }
  std::string take() { return std::move(text_); }

 private:
  const fs::path root_;
  std::string text_ = std::string(REDFLAG_VERSION) + '\n';
};

// What dnf5 makes of metadata, and packages that wait, say nothing that the metadata does not.
void addMetadata(Inputs& inputs) {
  for (const auto& repository : Inputs::entries(inputs.in("var/cache/libdnf5")))
    for (const auto& path : Inputs::entries(repository)) {
      if (path.filename() == "solv" || path.filename() == "packages") continue;
      std::error_code error;
      if (fs::is_directory(path, error)) {
        inputs.files(path, 1);
      } else {
        inputs.file(path);
      }
    }
}

// Who only looks, too, touches the files beside a database.
void addDatabases(Inputs& inputs) {
  for (const auto* folder : {"usr/lib/sysimage/rpm", "var/lib/rpm"})
    for (const auto* name : {"rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages", "Packages.db"}) {
      const auto path = inputs.in(folder) / name;
      std::error_code error;
      if (!fs::is_empty(path, error) && !error) inputs.file(path);
    }
  for (const auto* folder : {"usr/lib/sysimage/libdnf5", "var/lib/dnf"})
    for (const auto& path : Inputs::entries(inputs.in(folder)))
      if (path.extension() == ".toml") inputs.file(path);
}

}  // namespace

std::string inputsOf(const fs::path& root) {
  Inputs inputs(root);
  for (const auto* path : {"usr/bin/dnf5", "etc/os-release"})
    inputs.file(inputs.in(path));
  for (const auto* folder : {"etc/dnf", "etc/yum.repos.d", "etc/distro.repos.d", "etc/rpm", "usr/share/dnf5"})
    inputs.files(inputs.in(folder), kDeepest);
  addDatabases(inputs);
  addMetadata(inputs);
  return inputs.take();
}

}  // namespace redflag::dnf5
