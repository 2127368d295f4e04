#include "installer.h"

#include <apt-pkg/configuration.h>
#include <unistd.h>

#include <cstdlib>

#include "session.h"

namespace redflag::apt {
namespace {

// Maintainer scripts see a plain environment in which nobody answers questions; changed configuration files
// stay.
void setInstallEnvironment() {
  setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("DEBIAN_FRONTEND", "noninteractive", 1);
  setenv("APT_LISTCHANGES_FRONTEND", "none", 1);
  setenv("APT_LISTBUGS_FRONTEND", "none", 1);
}

}  // namespace

Result<> becomeInstaller(const Settings& settings) {
  if (geteuid() != 0) return fail(RF_DENIED, "apt.not_root", "only root can change what is installed");
  setInstallEnvironment();
  if (auto ok = configureApt(settings, CacheUse::kMemory); !ok) return ok;
  for (const auto* option : {"--force-confdef", "--force-confold"})
    _config->Set("Dpkg::Options::", option);
  // Nothing in apt's settings may loosen what an order was approved for.
  _config->Set("APT::Get::AllowUnauthenticated", false);
  return {};
}

}  // namespace redflag::apt
