#include "dpkg_repair.h"

#include <apt-pkg/configuration.h>
#include <apt-pkg/fileutl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "apt_errors.h"
#include "raw_output.h"

namespace redflag::apt {

// Not through rf.exec: dpkg must not die at a deadline, and maintainer scripts need this process's
// environment.
Result<> configurePending(const std::function<void(const std::string&)>& line) {
  const auto root = _config->FindDir("DPkg::Chroot-Directory", "/");
  const RawOutput output(line);
  const auto child = ExecFork();
  if (child == 0) {
    if (root != "/" && (chroot(root.c_str()) != 0 || chdir("/") != 0)) _exit(126);
    const std::array<const char*, 6> words{"dpkg", "--force-confdef", "--force-confold", "--configure", "-a",
                                           nullptr};
    execv("/usr/bin/dpkg", const_cast<char* const*>(words.data()));
    _exit(127);
  }
  if (ExecWait(child, "dpkg --configure -a")) return {};
  return fail(RF_PERMANENT, "apt.repair_failed", takeAptErrors());
}

}  // namespace redflag::apt
