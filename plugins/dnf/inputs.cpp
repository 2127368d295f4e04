#include "inputs.h"

#include <glib.h>
#include <libdnf/dnf-version.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "configuration.h"
#include "rpm_database.h"
#include "version_lock.h"

namespace redflag::dnf {
namespace {

class Fingerprint {
 public:
  void text(const std::string& value) { text_.append(value).push_back('\n'); }

  void entry(const std::string& path) {
    struct stat info {};
    text(path);
    if (stat(path.c_str(), &info) != 0) return;
    for (const auto number :
         {static_cast<long long>(info.st_ino), static_cast<long long>(info.st_size),
          static_cast<long long>(info.st_mtim.tv_sec), static_cast<long long>(info.st_mtim.tv_nsec),
          static_cast<long long>(info.st_ctim.tv_sec), static_cast<long long>(info.st_ctim.tv_nsec)})
      text(std::to_string(number));
  }

  // A file, or a folder with its entries, `levels` deep, in the order of their names.
  void tree(const std::string& path, int levels) {
    entry(path);
    std::error_code error;
    std::vector<std::string> names;
    if (levels == 0 || !std::filesystem::is_directory(path, error)) return;
    for (const auto& found : std::filesystem::directory_iterator(path, error))
      names.push_back(found.path().filename());
    std::sort(names.begin(), names.end());
    for (const auto& name : names)
      tree((std::filesystem::path(path) / name).string(), levels - 1);
  }

  std::string digest() const {
    gchar* hex =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, text_.data(), static_cast<gssize>(text_.size()));
    std::string result = hex;
    g_free(hex);
    return result;
  }

 private:
  std::string text_;
};

// dnf's parsed caches and its log of downloads say nothing that the metadata does not.
bool isMetadata(const std::filesystem::path& path) {
  return path.extension() != ".solv" && path.extension() != ".solvx" && path.filename() != "packages";
}

std::vector<std::string> namesIn(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void addMetadataIn(const std::string& folder, Fingerprint& inputs) {
  inputs.text(folder);
  std::error_code error;
  for (const auto& name : namesIn(folder)) {
    const auto path = folder + "/" + name;
    if (!isMetadata(path)) continue;
    if (std::filesystem::is_directory(path, error))
      inputs.tree(path + "/repodata", 1);
    else if (name == "expired_repos.json")
      inputs.tree(path, 1);
  }
}

// What a variable stands for is not known here: whatever is in its place counts. `known`: how much of the
// path is as it stands.
void addMetadata(const std::string& cache_dir, std::size_t known, Fingerprint& inputs) {
  const auto variable = cache_dir.find('$', known);
  const auto begin = variable == std::string::npos ? variable : cache_dir.rfind('/', variable);
  if (begin == std::string::npos) return addMetadataIn(cache_dir, inputs);
  const auto before = cache_dir.substr(0, begin);
  const auto behind = cache_dir.substr(std::min(cache_dir.find('/', variable), cache_dir.size()));
  for (const auto& name : namesIn(before)) {
    std::error_code error;
    const auto folder = before + "/" + name;
    if (std::filesystem::is_directory(folder, error)) addMetadata(folder + behind, folder.size(), inputs);
  }
}

}  // namespace

std::string fingerprintInputs(const Settings& settings) {
  Fingerprint inputs;
  inputs.text(REDFLAG_VERSION);
  inputs.text(LIBDNF_VERSION);
  inputs.text(settings.root);
  inputs.text(std::to_string(static_cast<int>(settings.refresh)) + " " +
              std::to_string(settings.refresh_after_s));
  for (const auto& path : configurationFiles(settings))
    inputs.tree(path, 1);
  if (const auto main = readMainConfiguration(settings); main) {
    addMetadata(main->cache_dir, 0, inputs);
    if (const auto list = versionLockFile(settings); list) inputs.entry(settings.inRoot(*list));
  }
  // Who only looks, too, touches an empty log of changes.
  std::error_code error;
  for (const auto& file : rpmDatabaseFiles(settings))
    if (!std::filesystem::is_empty(file, error)) inputs.entry(file);
  return inputs.digest();
}

std::string fingerprintSources(const Settings& settings) {
  Fingerprint inputs;
  inputs.text(REDFLAG_VERSION);
  inputs.text(LIBDNF_VERSION);
  inputs.text(settings.root);
  for (const auto& path : configurationFiles(settings))
    inputs.tree(path, 1);
  inputs.tree("/etc/pki/rpm-gpg", 1);
  return inputs.digest();
}

}  // namespace redflag::dnf
