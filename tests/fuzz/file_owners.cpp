// What rpm says: whose file something is, and when what was installed.
#include <filesystem>
#include <fstream>

#include "common/reboot_names.h"
#include "fuzz.h"
#include "package_owners.h"
#include "reboot_packages.h"
#include "support/fake_host.h"

namespace redflag::fuzz {
namespace {

// A machine without lists of dpkg's, that was started in between the times of the first inputs.
std::filesystem::path startedMachine() {
  const auto root = std::filesystem::temp_directory_path() / "machine";
  std::filesystem::create_directories(root / "proc");
  std::ofstream(root / "proc/stat") << "btime 1740794400\n";
  return root;
}

}  // namespace

REDFLAG_FUZZ(file_owners) {
  static const auto kMachine = startedMachine();
  static const std::set<std::string> kFiles{"/usr/lib64/libssl.so.3.0.7", "/usr/sbin/toold", "/lib/x.so.1"};
  static test::FakeHost kHost;
  kHost.files = kMachine;
  kHost.exec = [&](const std::vector<std::string>&) { return rf::ExecResult{0, std::string(input), ""}; };
  for (const auto& [file, packages] : system::PackageOwners(kHost.host()).of(kFiles)) {
    claim(kFiles.contains(file), "only what was asked for has an owner");
    for (const auto& package : packages)
      claim(!package.empty() && package.find_first_of("\t\n") == std::string::npos, "an owner has a name");
  }
  for (const auto& name : system::RebootPackages(kHost.host()).installedSinceStart(true))
    claim(plugin::wantsReboot(name), "only what was asked for is a reason");
}

}  // namespace redflag::fuzz
