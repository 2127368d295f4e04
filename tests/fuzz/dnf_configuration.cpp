// dnf.conf, a .repo file, a variable, and what versionlock reads, in a root of their own.
#include "configuration.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "fuzz.h"
#include "version_lock.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(dnf_configuration) {
  static const auto kRoot = [] {
    auto root = std::filesystem::temp_directory_path() / "root";
    for (const char* folder : {"etc/dnf/vars", "etc/dnf/plugins", "etc/yum.repos.d"})
      std::filesystem::create_directories(root / folder);
    return root;
  }();
  auto texts = parts(input, 4);
  texts.resize(4);
  std::size_t i = 0;
  for (const char* file : {"etc/dnf/dnf.conf", "etc/yum.repos.d/a.repo", "etc/dnf/vars/stream",
                           "etc/dnf/plugins/versionlock.conf"})
    std::ofstream(kRoot / file, std::ios::binary | std::ios::trunc) << texts[i++];
  const dnf::Settings settings{.root = kRoot};
  auto configuration = dnf::readMainConfiguration(settings);
  if (!configuration) return;
  configuration->repository_folders = {"/etc/yum.repos.d"};
  dnf::readRepositories(settings, {.version = "9.4"}, "x86_64", *configuration);
  for (const auto& repository : configuration->repositories)
    claim(!repository.id.empty() && repository.id.find('/') == std::string::npos,
          "a repository's name is no path");
  static_cast<void>(dnf::readVersionLocks(settings, *configuration));
}

}  // namespace redflag::fuzz
