#include "host/linux/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

namespace redflag::host {
namespace {

struct SpawnSetup {
  SpawnSetup() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnSetup() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

void resetSignals(posix_spawnattr_t& attributes) {
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Result<Pipe> makePipe() {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0) return fail(Code::kUnavailable, std::strerror(errno));
  Pipe made{Descriptor(fds[0]), Descriptor(fds[1])};
  ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
  return made;
}

Code codeOf(int error) {
  if (error == ENOENT || error == ENOTDIR) return Code::kNotFound;
  if (error == EACCES || error == EPERM) return Code::kDenied;
  return Code::kUnavailable;
}

}  // namespace

Result<Child> Child::start(const std::vector<std::string>& argv) {
  auto out = makePipe();
  auto err = makePipe();
  if (!out || !err) return fail(Code::kUnavailable, "no pipe could be made");
  SpawnSetup setup;
  ::posix_spawn_file_actions_addopen(&setup.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&setup.actions, out->write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&setup.actions, err->write.get(), STDERR_FILENO);
  // A plugin's libraries open descriptors without O_CLOEXEC; none of them is the tool's.
  ::posix_spawn_file_actions_addclosefrom_np(&setup.actions, STDERR_FILENO + 1);
  resetSignals(setup.attributes);

  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv)
    words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::string locale = "LC_ALL=C.UTF-8";
  std::string path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  std::array<char*, 3> environment = {locale.data(), path.data(), nullptr};

  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, words[0], &setup.actions, &setup.attributes, words.data(), environment.data());
  if (error != 0) return fail(codeOf(error), argv[0] + ": " + std::generic_category().message(error));
  return Child(pid, std::move(out->read), std::move(err->read));
}

Child::~Child() {
  if (pid_.value <= 0 || code_) return;
  ::kill(pid_.value, SIGKILL);
  while (::waitpid(pid_.value, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> Child::poll() {
  int status = 0;
  if (!code_ && ::waitpid(pid_.value, &status, WNOHANG) == pid_.value) {
    code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  return code_;
}

}  // namespace redflag::host
