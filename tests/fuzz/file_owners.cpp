// What rpm says about whose file something is.
#include "fuzz.h"
#include "package_owners.h"
#include "support/fake_host.h"

namespace redflag::fuzz {

REDFLAG_FUZZ(file_owners) {
  static const std::set<std::string> kFiles{"/usr/lib64/libssl.so.3.0.7", "/usr/sbin/toold", "/lib/x.so.1"};
  static test::FakeHost kHost;
  kHost.files = "/nonexistent";  // no lists of dpkg's
  kHost.exec = [&](const std::vector<std::string>&) { return rf::ExecResult{0, std::string(input), ""}; };
  for (const auto& [file, packages] : system::PackageOwners(kHost.host()).of(kFiles)) {
    claim(kFiles.contains(file), "only what was asked for has an owner");
    for (const auto& package : packages)
      claim(!package.empty() && package.find_first_of("\t\n") == std::string::npos, "an owner has a name");
  }
}

}  // namespace redflag::fuzz
