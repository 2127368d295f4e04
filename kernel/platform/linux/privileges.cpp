#include "platform/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <vector>

namespace redflag::platform {
namespace {

constexpr unsigned kKept[] = {CAP_SETUID, CAP_SETGID, CAP_KILL};
constexpr unsigned kKeptIfThere[] = {CAP_SYS_PTRACE};  // containers seldom give it: then less can be seen
constexpr unsigned kForDisks[] = {CAP_SYS_RAWIO, CAP_SYS_ADMIN};  // SATA and SAS; NVMe

}  // namespace

Result<> keepOnlyBrokersRights(bool disks) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct had[2] = {};
  if (::syscall(SYS_capget, &header, had) != 0)
    return fail(Code::kDenied, std::string("capget: ") + std::strerror(errno));
  __user_cap_data_struct sets[2] = {};
  std::uint64_t kept = 0;
  std::vector<unsigned> wanted(std::begin(kKept), std::end(kKept));
  std::vector<unsigned> more(std::begin(kKeptIfThere), std::end(kKeptIfThere));
  if (disks) more.insert(more.end(), std::begin(kForDisks), std::end(kForDisks));
  for (const unsigned capability : more)
    if ((had[capability / 32].permitted >> (capability % 32) & 1) != 0) wanted.push_back(capability);
  for (const unsigned capability : wanted) {
    kept |= std::uint64_t{1} << capability;
    sets[capability / 32].effective |= 1U << (capability % 32);
    sets[capability / 32].permitted |= 1U << (capability % 32);
  }
  // What a program that root starts could get back.
  for (unsigned capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    if ((kept >> capability & 1) == 0 && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return fail(Code::kDenied, std::string("capability bounding set: ") + std::strerror(errno));
  }
  if (::syscall(SYS_capset, &header, sets) != 0)
    return fail(Code::kDenied, std::string("capset: ") + std::strerror(errno));
  return {};
}

}  // namespace redflag::platform
