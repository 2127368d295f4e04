#include "host/linux/system_calls.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace redflag::host {
namespace {

constexpr std::uint64_t kLow32 = 0xFFFF'FFFF;
constexpr std::uint64_t kNegative = 0x8000'0000;  // of a 32-bit number

// Ways around the other walls, into other processes, or into the kernel. Names: one that this architecture
// lacks is left out.
constexpr const char* kNever[] = {"ptrace",
                                  "process_vm_readv",
                                  "process_vm_writev",
                                  "kcmp",
                                  "pidfd_getfd",
                                  "pidfd_send_signal",
                                  "process_madvise",
                                  "process_mrelease",
                                  "tkill",
                                  "migrate_pages",
                                  "move_pages",
                                  "mount",
                                  "umount2",
                                  "umount",
                                  "move_mount",
                                  "open_tree",
                                  "fsopen",
                                  "fsconfig",
                                  "fsmount",
                                  "fspick",
                                  "mount_setattr",
                                  "pivot_root",
                                  "chroot",
                                  "unshare",
                                  "setns",
                                  "open_by_handle_at",
                                  "quotactl",
                                  "quotactl_fd",
                                  "swapon",
                                  "swapoff",
                                  "acct",
                                  "nfsservctl",
                                  "bpf",
                                  "perf_event_open",
                                  "userfaultfd",
                                  "keyctl",
                                  "add_key",
                                  "request_key",
                                  "syslog",
                                  "vhangup",
                                  "kexec_load",
                                  "kexec_file_load",
                                  "init_module",
                                  "finit_module",
                                  "delete_module",
                                  "lookup_dcookie",
                                  "reboot",
                                  "settimeofday",
                                  "clock_settime",
                                  "clock_adjtime",
                                  "stime",
                                  "sethostname",
                                  "setdomainname",
                                  "iopl",
                                  "ioperm",
                                  "modify_ldt",
                                  "fanotify_init",
                                  "mknod",
                                  "mknodat"};

// Their callers have another way and take it when these seem not to exist.
constexpr const char* kUnknown[] = {"clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"};

constexpr const char* kSockets[] = {"socket", "socketcall"};

// Landlock does not ask about these.
constexpr const char* kChangesOfOwnFiles[] = {
    "chmod",        "fchmod",       "fchmodat", "fchmodat2", "chown",     "fchown",
    "lchown",       "fchownat",     "setxattr", "lsetxattr", "fsetxattr", "removexattr",
    "lremovexattr", "fremovexattr", "utime",    "utimes",    "utimensat", "futimesat"};

// Their first argument is a process.
constexpr const char* kToProcess[] = {"kill",
                                      "tgkill",
                                      "rt_sigqueueinfo",
                                      "rt_tgsigqueueinfo",
                                      "prlimit64",
                                      "sched_setscheduler",
                                      "sched_setparam",
                                      "sched_setattr",
                                      "sched_setaffinity",
                                      "setpgid",
                                      "pidfd_open"};

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {
    if (!context_) error_ = ENOMEM;
    // 32-bit programs' calls have other numbers: none of them.
    note(context_ ? ::seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EACCES)) : 0);
  }

  template <class... Conditions>
  void refuse(const char* name, int error, Conditions... conditions) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR || error_ != 0) return;
    note(::seccomp_rule_add(context_.get(), SCMP_ACT_ERRNO(static_cast<unsigned>(error)), number,
                            sizeof...(conditions), conditions...));
  }

  Result<> load() {
    if (error_ == 0) note(::seccomp_load(context_.get()));
    if (error_ == 0) return {};
    return fail(Code::kUnsupported, "seccomp: " + std::generic_category().message(error_));
  }

 private:
  void note(int result) {
    // A call that this architecture does not have cannot be made either.
    if (result < 0 && result != -EDOM && error_ == 0) error_ = -result;
  }
  std::unique_ptr<void, void (*)(scmp_filter_ctx)> context_;
  int error_ = 0;
};

scmp_arg_cmp masked(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

void refuseNamespaces(Filter& filter) {
#ifdef __s390__
  constexpr unsigned kFlags = 1;
#else
  constexpr unsigned kFlags = 0;
#endif
  for (const int flag : {CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                         CLONE_NEWCGROUP}) {
    const auto bit = static_cast<std::uint64_t>(flag);
    filter.refuse("clone", EACCES, masked(kFlags, bit, bit));
  }
}

void refuseStarter(Filter& filter, int starter) {
  for (const char* name : kToProcess)
    filter.refuse(name, EACCES, masked(0, kLow32, static_cast<std::uint64_t>(starter)));
  filter.refuse("kill", EACCES, masked(0, kNegative, kNegative));  // groups, and everybody
  filter.refuse("setpriority", EACCES, masked(1, kLow32, static_cast<std::uint64_t>(starter)));
}

}  // namespace

Result<> refuseSystemCalls(const SystemCalls& what) {
  Filter filter;
  for (const char* name : kNever)
    filter.refuse(name, EACCES);
  for (const char* name : kUnknown)
    filter.refuse(name, ENOSYS);
  refuseNamespaces(filter);
  refuseStarter(filter, what.starter);
  filter.refuse("ioctl", EACCES, masked(1, kLow32, TIOCSTI));  // to type into a terminal
  if (!what.network) {
    for (const char* name : kSockets)
      filter.refuse(name, EACCES);
  }
  if (!what.writes) {
    for (const char* name : kChangesOfOwnFiles)
      filter.refuse(name, EACCES);
  }
  return filter.load();
}

}  // namespace redflag::host
