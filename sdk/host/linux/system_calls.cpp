#include "host/linux/system_calls.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace redflag::host {
namespace {

constexpr std::uint64_t kLow32 = 0xFFFF'FFFF;
constexpr std::uint64_t kNegative = 0x8000'0000;  // of a 32-bit number
constexpr std::uint64_t kSocketType = 0xF;        // without the flags in the same argument

// A call by its name, and by its number where the library may be older than the call: from 424 on nearly all
// architectures agree.
struct Call {
  const char* name;
  int number = __NR_SCMP_ERROR;
};

// Ways around the other walls, into other processes, or into the kernel; and what outlives a process.
constexpr Call kNever[] = {{"ptrace"},
                           {"process_vm_readv"},
                           {"process_vm_writev"},
                           {"kcmp"},
                           {"pidfd_getfd", 438},
                           {"pidfd_send_signal", 424},
                           {"process_madvise", 440},
                           {"process_mrelease", 448},
                           {"tkill"},
                           {"rt_sigqueueinfo"},
                           {"rt_tgsigqueueinfo"},
                           {"setpgid"},
                           {"ioprio_set"},
                           {"migrate_pages"},
                           {"move_pages"},
                           {"mount"},
                           {"umount2"},
                           {"umount"},
                           {"move_mount", 429},
                           {"open_tree", 428},
                           {"open_tree_attr", 467},
                           {"fsopen", 430},
                           {"fsconfig", 431},
                           {"fsmount", 432},
                           {"fspick", 433},
                           {"mount_setattr", 442},
                           {"pivot_root"},
                           {"chroot"},
                           {"unshare"},
                           {"setns"},
                           {"open_by_handle_at"},
                           {"quotactl"},
                           {"quotactl_fd", 443},
                           {"swapon"},
                           {"swapoff"},
                           {"acct"},
                           {"nfsservctl"},
                           {"bpf"},
                           {"perf_event_open"},
                           {"userfaultfd"},
                           {"keyctl"},
                           {"add_key"},
                           {"request_key"},
                           {"syslog"},
                           {"vhangup"},
                           {"kexec_load"},
                           {"kexec_file_load"},
                           {"init_module"},
                           {"finit_module"},
                           {"delete_module"},
                           {"lookup_dcookie"},
                           {"reboot"},
                           {"settimeofday"},
                           {"clock_settime"},
                           {"clock_adjtime"},
                           {"stime"},
                           {"sethostname"},
                           {"setdomainname"},
                           {"iopl"},
                           {"ioperm"},
                           {"modify_ldt"},
                           {"fanotify_init"},
                           {"mknod"},
                           {"mknodat"},
                           {"shmget"},
                           {"shmat"},
                           {"shmctl"},
                           {"shmdt"},
                           {"msgget"},
                           {"msgsnd"},
                           {"msgrcv"},
                           {"msgctl"},
                           {"semget"},
                           {"semop"},
                           {"semtimedop"},
                           {"semctl"},
                           {"ipc"},
                           {"mq_open"},
                           {"mq_unlink"}};

// Their callers have another way and take it when these seem not to exist. The memory of a memfd is nobody's
// that a limit could count.
constexpr Call kUnknown[] = {
    {"clone3", 435},     {"io_uring_setup", 425}, {"io_uring_enter", 426}, {"io_uring_register", 427},
    {"pidfd_open", 434}, {"memfd_create"},        {"memfd_secret", 447}};

constexpr Call kSockets[] = {{"socket"}, {"socketcall"}, {"bind"}, {"connect"}, {"listen"}};

// Landlock does not ask about these.
constexpr Call kChangesOfOwnFiles[] = {{"chmod"},
                                       {"fchmod"},
                                       {"fchmodat"},
                                       {"fchmodat2", 452},
                                       {"chown"},
                                       {"fchown"},
                                       {"lchown"},
                                       {"fchownat"},
                                       {"setxattr"},
                                       {"lsetxattr"},
                                       {"fsetxattr"},
                                       {"setxattrat", 463},
                                       {"removexattr"},
                                       {"lremovexattr"},
                                       {"fremovexattr"},
                                       {"removexattrat", 466},
                                       {"file_setattr", 469},
                                       {"utime"},
                                       {"utimes"},
                                       {"utimensat"},
                                       {"futimesat"}};

// Their first argument is a process or a thread, 0 the caller's own.
constexpr Call kToOthers[] = {
    {"prlimit64"}, {"sched_setscheduler"}, {"sched_setparam"}, {"sched_setattr"}, {"sched_setaffinity"}};

class Filter {
 public:
  Filter() : context_(::seccomp_init(SCMP_ACT_ALLOW), &::seccomp_release) {
    if (!context_) error_ = ENOMEM;
    // 32-bit programs' calls have other numbers: none of them.
    note(context_ ? ::seccomp_attr_set(context_.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EACCES)) : 0);
  }

  template <class... Conditions>
  void refuse(const Call& call, int error, Conditions... conditions) {
    int number = ::seccomp_syscall_resolve_name(call.name);
    if (number == __NR_SCMP_ERROR) number = call.number;
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

scmp_arg_cmp different(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_NE, value, 0};
}

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
    filter.refuse({"clone"}, EACCES, masked(kFlags, bit, bit));
  }
}

// Who may start programs has to end them again: then only groups, everybody and the starter are refused.
void refuseOthers(Filter& filter, const SystemCalls& what) {
  for (const auto& call : kToOthers)
    filter.refuse(call, EACCES, different(0, 0));
  filter.refuse({"setpriority"}, EACCES, different(0, 0));
  filter.refuse({"setpriority"}, EACCES, different(1, 0));
  if (!what.programs) {
    filter.refuse({"kill"}, EACCES, different(0, 0));
    filter.refuse({"tgkill"}, EACCES, different(0, static_cast<std::uint64_t>(::getpid())));
    return;
  }
  for (const char* name : {"kill", "tgkill"})
    filter.refuse({name}, EACCES, masked(0, kLow32, static_cast<std::uint64_t>(what.starter)));
  filter.refuse({"kill"}, EACCES, masked(0, kNegative, kNegative));  // groups, and everybody
}

void refuseSockets(Filter& filter) {
  for (const auto& call : kSockets)
    filter.refuse(call, EACCES);
  // Of a pair that is not connected for ever an end reaches any socket that has a path.
  for (const int type : {SOCK_DGRAM, SOCK_RAW})
    filter.refuse({"socketpair"}, EACCES, masked(1, kSocketType, static_cast<std::uint64_t>(type)));
}

}  // namespace

Result<> refuseSystemCalls(const SystemCalls& what) {
  Filter filter;
  for (const auto& call : kNever)
    filter.refuse(call, EACCES);
  for (const auto& call : kUnknown)
    filter.refuse(call, ENOSYS);
  refuseNamespaces(filter);
  refuseOthers(filter, what);
  filter.refuse({"ioctl"}, EACCES, masked(1, kLow32, TIOCSTI));           // to type into a terminal
  filter.refuse({"prctl"}, EACCES, masked(0, kLow32, PR_SET_PDEATHSIG));  // to outlive who started it
  if (!what.network) refuseSockets(filter);
  if (!what.writes) {
    for (const auto& call : kChangesOfOwnFiles)
      filter.refuse(call, EACCES);
  }
  if (!what.truncates) {
    for (const char* name : {"truncate", "truncate64"})
      filter.refuse({name}, EACCES);
  }
  return filter.load();
}

}  // namespace redflag::host
