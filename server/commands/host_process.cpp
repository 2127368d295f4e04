#include "commands/host_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/time.h"
#include "host/frame.h"

namespace redflag::commands {
namespace {

constexpr rlim_t kMemoryBytes = 512U << 20;
constexpr rlim_t kOpenFiles = 64;

tl::unexpected<Error> systemError(const std::string& doing, int number) {
  return fail(Code::kIo, doing + ": " + std::strerror(number));
}

// Set from outside between the spawn and the first frame: the host loads nothing before it has read that.
void limit(pid_t pid, __rlimit_resource what, rlim_t value) {
  const rlimit both{value, value};
  prlimit(pid, what, &both, nullptr);
}

void limitChild(pid_t pid, std::int64_t cpu_s) {
#ifndef REDFLAG_SANITIZED
  limit(pid, RLIMIT_AS, kMemoryBytes);
#endif
  limit(pid, RLIMIT_CPU, static_cast<rlim_t>(cpu_s));
  limit(pid, RLIMIT_NOFILE, kOpenFiles);
  limit(pid, RLIMIT_FSIZE, 0);
  limit(pid, RLIMIT_CORE, 0);
}

class SpawnSetup {
 public:
  SpawnSetup() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&actions);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
};

int spawn(const std::filesystem::path& program, int socket, pid_t* pid) {
  SpawnSetup setup;
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setpgroup(&setup.attributes, 0);
  posix_spawnattr_setsigmask(&setup.attributes, &none);
  posix_spawnattr_setsigdefault(&setup.attributes, &all);
  posix_spawnattr_setflags(&setup.attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  for (const int standard : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&setup.actions, standard, "/dev/null",
                                     standard == 0 ? O_RDONLY : O_WRONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&setup.actions, socket, host::kOutputFd);
  posix_spawn_file_actions_adddup2(&setup.actions, host::kOutputFd, host::kInputFd);
  posix_spawn_file_actions_addclosefrom_np(&setup.actions, host::kOutputFd + 1);
  std::string name = program.filename().string();
  std::string path = "PATH=/usr/bin:/bin";
  std::string locale = "LC_ALL=C.UTF-8";
  std::array<char*, 2> arguments = {name.data(), nullptr};
  std::array<char*, 3> environment = {path.data(), locale.data(), nullptr};
  return posix_spawn(pid, program.c_str(), &setup.actions, &setup.attributes, arguments.data(),
                     environment.data());
}

// True when the socket is ready before the deadline.
bool await(int socket, short events, std::int64_t deadline_ns) {
  for (;;) {
    const std::int64_t left_ms =
        std::max<std::int64_t>(0, (deadline_ns - monotonicNow() + 999'999) / 1'000'000);
    pollfd waiting{socket, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 60'000)));
    if (ready > 0) return true;
    if (ready == 0 && left_ms <= 60'000) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Result<HostProcess> HostProcess::start(const std::filesystem::path& program, std::int64_t cpu_s) {
  int pair[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    return systemError("socketpair", errno);
  // The child's end blocks: a host reads and writes as if it were a pipe.
  ::fcntl(pair[1], F_SETFL, 0);
  // A descriptor that already is the wanted number would keep its close-on-exec mark.
  const int theirs = ::fcntl(pair[1], F_DUPFD_CLOEXEC, host::kOutputFd + 1);
  ::close(pair[1]);
  pid_t pid = -1;
  const int failed = theirs < 0 ? errno : spawn(program, theirs, &pid);
  if (theirs >= 0) ::close(theirs);
  if (failed != 0) {
    ::close(pair[0]);
    return systemError(program.string(), failed);
  }
  limitChild(pid, cpu_s);
  return HostProcess(pair[0], pid);
}

HostProcess::HostProcess(HostProcess&& other) noexcept : socket_(other.socket_), pid_(other.pid_) {
  other.socket_ = -1;
  other.pid_ = -1;
}

HostProcess::~HostProcess() {
  if (socket_ >= 0) ::close(socket_);
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR)
    continue;
}

Result<> HostProcess::send(std::string_view bytes, std::int64_t deadline_ns) {
  while (!bytes.empty()) {
    if (!await(socket_, POLLOUT, deadline_ns))
      return fail(Code::kUnavailable, "the host did not read in time");
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return fail(Code::kUnavailable, "the host has gone");
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Result<std::string> HostProcess::receive(std::int64_t deadline_ns) {
  std::array<char, 64U << 10> buffer;
  for (;;) {
    if (!await(socket_, POLLIN, deadline_ns))
      return fail(Code::kUnavailable, "the host did not answer in time");
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (got >= 0) return std::string(buffer.data(), static_cast<std::size_t>(got));
    if (errno != EAGAIN && errno != EINTR) return std::string();  // reset: the same as closed
  }
}

}  // namespace redflag::commands
