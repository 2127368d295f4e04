#include "platform/process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/time.h"
#include "platform/descriptor.h"
#include "platform/linux/children.h"

namespace redflag::platform {
namespace {

// A run's address space beyond its own memory: libraries, mapped caches, thread stacks' reserves.
constexpr std::uint64_t kMappedAllowance = 2ULL << 30U;
constexpr std::int64_t kExecTimeNs = 10 * kSecondNs;
constexpr std::size_t kChildStackBytes = 32U << 10U;

// Everything the child needs, made before it starts: it may only make async-signal-safe calls.
struct ChildPlan {
  const char* program;
  const char* working_directory;
  std::vector<char*> argv;
  std::vector<char*> envp;
  std::vector<std::pair<int, int>> descriptors;  // target, source
  const SpawnOptions* options;
  int report_fd;
  int null_fd;
  int highest_target;
  long open_max;
  pid_t parent;
};

struct ChildFailure {
  char step[24];
  int error;
};

[[noreturn]] void failChild(const ChildPlan& plan, const char* step) {
  ChildFailure failure{};
  failure.error = errno;
  for (std::size_t i = 0; i + 1 < sizeof failure.step && step[i] != '\0'; ++i)
    failure.step[i] = step[i];
  const ssize_t written = ::write(plan.report_fd, &failure, sizeof failure);
  ::_exit(written == static_cast<ssize_t>(sizeof failure) ? 127 : 126);
}

void limitTo(const ChildPlan& plan, __rlimit_resource resource, std::uint64_t value, std::uint64_t hard) {
  if (value == 0) return;
  rlimit current{};
  if (::getrlimit(resource, &current) != 0) failChild(plan, "getrlimit");
  rlimit wanted{std::min<rlim_t>(value, current.rlim_max), std::min<rlim_t>(hard, current.rlim_max)};
  if (::setrlimit(resource, &wanted) != 0) failChild(plan, "setrlimit");
}

void applyLimits(const ChildPlan& plan) {
  const ResourceLimits& limits = plan.options->limits;
  // The soft limit sends SIGXCPU, which tells a spent budget from a crash; the hard one follows for who
  // ignores it.
  limitTo(plan, RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 2);
#ifndef REDFLAG_SANITIZED
  if (limits.memory_bytes > 0) {
    limitTo(plan, RLIMIT_DATA, limits.memory_bytes, limits.memory_bytes);
    limitTo(plan, RLIMIT_AS, limits.memory_bytes + kMappedAllowance, limits.memory_bytes + kMappedAllowance);
  }
#endif
  limitTo(plan, RLIMIT_NOFILE, limits.open_files, limits.open_files);
  limitTo(plan, RLIMIT_NPROC, limits.processes, limits.processes);
  limitTo(plan, RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
  const rlimit no_core{0, 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) failChild(plan, "setrlimit core");
}

void dropIdentity(const ChildPlan& plan) {
  const SpawnOptions& options = *plan.options;
  // Raw system calls: glibc's wrappers would signal threads that exist only in the parent.
  if (options.gid) {
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) failChild(plan, "setgroups");
    if (::syscall(SYS_setresgid, *options.gid, *options.gid, *options.gid) != 0) failChild(plan, "setgid");
  }
  if (options.uid && ::syscall(SYS_setresuid, *options.uid, *options.uid, *options.uid) != 0) {
    failChild(plan, "setuid");
  }
}

void closeFrom(unsigned first, long open_max) {
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
#endif
  for (long fd = static_cast<long>(first); fd < open_max; ++fd)
    ::close(static_cast<int>(fd));
}

// Sources are first moved above every target, so that no dup2 overwrites one that is still needed.
void arrangeDescriptors(ChildPlan& plan) {
  const int floor = plan.highest_target + 1;
  const int report = ::fcntl(plan.report_fd, F_DUPFD_CLOEXEC, floor);
  if (report < 0) failChild(plan, "dup");
  plan.report_fd = report;
  plan.null_fd = ::fcntl(plan.null_fd, F_DUPFD_CLOEXEC, floor);
  if (plan.null_fd < 0) failChild(plan, "dup");
  for (auto& [target, source] : plan.descriptors) {
    source = ::fcntl(source, F_DUPFD_CLOEXEC, floor);
    if (source < 0) failChild(plan, "dup");
  }
  for (int fd = 0; fd < 3; ++fd) {
    if (::dup2(plan.null_fd, fd) < 0) failChild(plan, "dup2");
  }
  for (int fd = 3; fd <= plan.highest_target; ++fd)
    ::close(fd);
  for (const auto& [target, source] : plan.descriptors) {
    if (::dup2(source, target) < 0) failChild(plan, "dup2");
  }
  // The report pipe goes right behind the targets; everything later is closed.
  if (plan.report_fd != floor) {
    if (::dup3(plan.report_fd, floor, O_CLOEXEC) < 0) failChild(plan, "dup3");
    plan.report_fd = floor;
  }
  closeFrom(static_cast<unsigned>(floor) + 1U, plan.open_max);
}

[[noreturn]] void runChild(ChildPlan& plan) {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(number, &action, nullptr);  // fails for SIGKILL, SIGSTOP and libc's own: meant
  }
  if (plan.options->new_session ? ::setsid() < 0 : ::setpgid(0, 0) != 0) failChild(plan, "setpgid");
  arrangeDescriptors(plan);
  ::umask(022);
  dropIdentity(plan);
  if (::chdir(plan.working_directory) != 0) failChild(plan, "chdir");
  applyLimits(plan);
  if (plan.options->no_new_privileges && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    failChild(plan, "no_new_privs");
  // What it starts and does not wait for is then below it, and is not taken for another child's.
  if ((plan.options->dies_with_parent || plan.options->keeps_descendants) &&
      ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    failChild(plan, "subreaper");
  if (plan.options->dies_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) failChild(plan, "pdeathsig");
    if (::getppid() != plan.parent) ::_exit(126);  // it died before we asked to be told
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.argv.data(), plan.envp.data());
  failChild(plan, "exec");
}

std::vector<char*> pointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

Result<> waitForExec(int report_fd, const SpawnOptions& options) {
  ChildFailure failure{};
  ssize_t got = 0;
  const std::int64_t until = monotonicNow() + kExecTimeNs;
  pollfd entry{report_fd, POLLIN, 0};
  // Another process of the child's user could stop it on its way.
  while (::poll(&entry, 1, static_cast<int>(kExecTimeNs / kMillisecondNs)) <= 0) {
    if (monotonicNow() >= until)
      return fail(Code::kUnavailable, options.program.string() + ": did not start");
  }
  do
    got = ::read(report_fd, &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  if (got == 0) return {};  // closed by exec
  failure.step[sizeof failure.step - 1] = '\0';
  return fail(Code::kIo,
              std::string(failure.step) + " " + options.program.string() + ": " +
                  std::strerror(got == static_cast<ssize_t>(sizeof failure) ? failure.error : EPIPE));
}

void reap(std::int64_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  reapChild(static_cast<pid_t>(pid));
}

// The child borrows our memory until its exec, as with vfork: to copy the tables of a program of our size
// takes longer than everything that the child does. It has a stack and signal handlers of its own, and its
// thread of ours waits meanwhile. Who becomes another user gets a copy: nobody else may ever be the owner of
// our memory.
pid_t makeChild(ChildPlan& plan) {
#ifndef REDFLAG_SANITIZED
  if (!plan.options->uid && !plan.options->gid) {
    alignas(16) std::array<char, kChildStackBytes> stack;
    return ::clone([](void* own) -> int { runChild(*static_cast<ChildPlan*>(own)); },
                   stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  }
#endif
  const pid_t pid = ::fork();
  if (pid == 0) runChild(plan);
  return pid;
}

// With every signal blocked: no handler of ours runs in the child.
pid_t startChild(ChildPlan& plan) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  const auto held = lockChildren();
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = makeChild(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid > 0) noteChild(held, pid);
  errno = error;
  return pid;
}

// Waits without reaping, so that the process's number, and with it the group's, stays ours.
std::optional<ExitState> look(std::int64_t pid) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  if (info.si_code == CLD_EXITED) return ExitState{true, info.si_status, 0};
  return ExitState{false, 0, info.si_status};
}

}  // namespace

Result<Process> Process::spawn(const SpawnOptions& options) {
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return fail(Code::kIo, std::string("pipe: ") + std::strerror(errno));
  const Descriptor report_read(report[0]);
  Descriptor report_write(report[1]);
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null.valid()) return fail(Code::kIo, std::string("/dev/null: ") + std::strerror(errno));

  const std::string program = options.program.string();
  const std::string directory = options.working_directory.string();
  std::vector<std::string> arguments{program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  int highest = 2;
  for (const auto& [target, source] : options.descriptors)
    highest = std::max(highest, target);
  ChildPlan plan{program.c_str(),
                 directory.c_str(),
                 pointersTo(arguments),
                 pointersTo(options.environment),
                 options.descriptors,
                 &options,
                 report_write.get(),
                 null.get(),
                 highest,
                 ::sysconf(_SC_OPEN_MAX),
                 ::getpid()};

  const pid_t pid = startChild(plan);
  if (pid < 0) return fail(Code::kIo, std::string("fork: ") + std::strerror(errno));

  report_write.reset();
  if (auto started = waitForExec(report_read.get(), options); !started) {
    ::kill(pid, SIGKILL);
    reap(pid);
    return tl::unexpected<Error>(started.error());
  }
  return Process(pid);
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), exit_(other.exit_) {}

Process& Process::operator=(Process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(exit_, other.exit_);
  return *this;
}

Process::~Process() {
  if (pid_ <= 0) return;
  killGroup();
  reap(pid_);
  endOrphans();
}

void Process::killGroup() {
  if (pid_ <= 0) return;
  ::kill(static_cast<pid_t>(-pid_), SIGKILL);
  // The leader by itself as well: it may have left its group. Not reaped, its number is still its own.
  ::kill(static_cast<pid_t>(pid_), SIGKILL);
}

std::optional<ExitState> Process::wait(std::int64_t timeout_ns) {
  if (exit_ || pid_ <= 0) return exit_;
  const std::int64_t until = monotonicNow() + std::max<std::int64_t>(timeout_ns, 0);
  const Descriptor watched(static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid_), 0)));
  while (!(exit_ = look(pid_))) {
    const std::int64_t left = until - monotonicNow();
    if (left <= 0) return std::nullopt;
    const std::int64_t left_ms = (left + kMillisecondNs - 1) / kMillisecondNs;
    if (watched.valid()) {
      pollfd entry{watched.get(), POLLIN, 0};
      ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
    } else {  // kernels before 5.3 cannot wait for one process with a limit
      ::poll(nullptr, 0, static_cast<int>(std::min<std::int64_t>(left_ms, 5)));
    }
  }
  return exit_;
}

void Process::release() {
  if (pid_ > 0 && look(pid_)) reap(pid_);
  pid_ = -1;
}

Error becomeProgram(const std::filesystem::path& program, char* const* arguments) {
  ::execv(program.c_str(), arguments);
  return {Code::kIo, program.string() + ": " + std::strerror(errno)};
}

}  // namespace redflag::platform
