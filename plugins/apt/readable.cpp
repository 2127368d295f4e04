#include "readable.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace redflag::apt {
namespace {

// What is not there is nobody's to forbid.
bool may(const std::string& path, int mode) {
  return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 || errno != EACCES;
}

enum class NoExtension { kSkipped, kRead };

std::vector<std::string> unreadable(const std::string& file, const std::string& folder,
                                    const std::vector<std::string>& extensions, NoExtension no_extension) {
  std::vector<std::string> found;
  if (!mayRead(file)) found.push_back(file);
  if (!DirectoryExists(folder)) return found;
  if (!may(folder, R_OK | X_OK)) {
    found.push_back(folder);
    return found;
  }
  auto wanted = extensions;
  if (no_extension == NoExtension::kRead) wanted.emplace_back("");
  for (const auto& part : GetListOfFilesInDir(folder, wanted, true))
    if (!mayRead(part)) found.push_back(part);
  return found;
}

}  // namespace

bool mayRead(const std::string& file) {
  return may(file, R_OK);
}

std::vector<std::string> unreadableSources() {
  return unreadable(_config->FindFile("Dir::Etc::sourcelist", "/dev/null"),
                    _config->FindDir("Dir::Etc::sourceparts", "/dev/null"), {"list", "sources"},
                    NoExtension::kSkipped);
}

std::vector<std::string> unreadablePreferences() {
  return unreadable(_config->FindFile("Dir::Etc::preferences", "/dev/null"),
                    _config->FindDir("Dir::Etc::preferencesparts", "/dev/null"), {"pref"},
                    NoExtension::kRead);
}

std::vector<std::string> unreadableConfiguration() {
  return unreadable(_config->FindFile("Dir::Etc::main", "/dev/null"),
                    _config->FindDir("Dir::Etc::parts", "/dev/null"), {"conf"}, NoExtension::kRead);
}

}  // namespace redflag::apt
