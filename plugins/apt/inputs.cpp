#include "inputs.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <apt-pkg/hashes.h>
#include <apt-pkg/init.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <memory>
#include <sstream>
#include <vector>

namespace redflag::apt {
namespace {

class Fingerprint {
 public:
  void text(const std::string& value) { text_.append(value).push_back('\n'); }

  void file(const std::string& path) { entry(AT_FDCWD, path); }

  // Its entries, without folders in it. In the order of the file system, which is stable while the folder is
  // unchanged.
  void folder(const std::string& path) {
    text(path);
    const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(path.c_str()), &closedir);
    if (!open) return;
    while (const auto* next = readdir(open.get()))
      if (next->d_type != DT_DIR) entry(dirfd(open.get()), next->d_name);
  }

  std::string digest() const {
    Hashes hashes(Hashes::SHA256SUM);
    hashes.Add(reinterpret_cast<const unsigned char*>(text_.data()), text_.size());
    return hashes.GetHashString(Hashes::SHA256SUM).HashValue();
  }

 private:
  void entry(int folder, const std::string& name) {
    struct stat info {};
    text(name);
    if (fstatat(folder, name.c_str(), &info, 0) != 0) return;
    for (const auto number :
         {static_cast<long long>(info.st_ino), static_cast<long long>(info.st_size),
          static_cast<long long>(info.st_mtim.tv_sec), static_cast<long long>(info.st_mtim.tv_nsec),
          static_cast<long long>(info.st_ctim.tv_sec), static_cast<long long>(info.st_ctim.tv_nsec)})
      text(std::to_string(number));
  }

  std::string text_;
};

}  // namespace

namespace {

void addConfiguration(Fingerprint& inputs, const Settings& settings) {
  std::ostringstream configuration;
  _config->Dump(configuration);
  inputs.text(REDFLAG_VERSION);
  inputs.text(pkgVersion);
  inputs.text(configuration.str());
  inputs.text(settings.root);
}

}  // namespace

std::string fingerprintInputs(const Settings& settings, const Lists& lists) {
  Fingerprint inputs;
  addConfiguration(inputs, settings);
  inputs.text(std::to_string(static_cast<int>(settings.refresh)) + " " +
              std::to_string(settings.refresh_after_s));
  for (const auto* name :
       {"Dir::Etc::sourcelist", "Dir::Etc::preferences", "Dir::State::status", "Dir::State::extended_states"})
    inputs.file(_config->FindFile(name));
  for (const auto* name : {"Dir::Etc::sourceparts", "Dir::Etc::preferencesparts", "Dir::State::lists"})
    inputs.folder(_config->FindDir(name));
  inputs.file(flNotFile(_config->FindFile("Dir::State::status")) + "arch");
  inputs.file(_config->FindDir("Dir") + "etc/machine-id");
  for (const auto& [source, why] : lists.failed)
    inputs.text(source + ": " + why);
  // A successful refresh that brought nothing new moves only this.
  if (!lists.own && settings.refresh != plugin::Refresh::kNever)
    inputs.file(_config->FindDir("Dir::State::lists") + "partial");
  return inputs.digest();
}

std::string fingerprintSources(const Settings& settings) {
  Fingerprint inputs;
  addConfiguration(inputs, settings);
  for (const auto* name : {"Dir::Etc::sourcelist", "Dir::Etc::trusted", "Dir::Etc::netrc"})
    inputs.file(_config->FindFile(name));
  for (const auto* name : {"Dir::Etc::sourceparts", "Dir::Etc::trustedparts", "Dir::Etc::netrcparts"})
    inputs.folder(_config->FindDir(name));
  for (const auto* folder : {"etc/apt/keyrings", "usr/share/keyrings"})
    inputs.folder(_config->FindDir("Dir") + folder);
  return inputs.digest();
}

}  // namespace redflag::apt
