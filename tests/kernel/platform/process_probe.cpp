// Does what its first argument says and, for `tell`, writes to descriptor 5 what it was started with.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

extern char** environ;

namespace {

void tell() {
  std::string text;
  for (char** entry = environ; *entry != nullptr; ++entry)
    text += std::string("env ") + *entry + "\n";
  for (int fd = 0; fd < 256; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) text += "fd " + std::to_string(fd) + "\n";
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  text += "files " + std::to_string(limit.rlim_cur) + "\n";
  ::getrlimit(RLIMIT_CORE, &limit);
  text += "core " + std::to_string(limit.rlim_cur) + "\n";
  text += "no_new_privs " + std::to_string(::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)) + "\n";
  text += std::string("leader ") + (::getpgrp() == ::getpid() ? "yes" : "no") + "\n";
  text += std::string("session ") + (::getsid(0) == ::getpid() ? "own" : "inherited") + "\n";
  sigset_t blocked;
  ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
  text += std::string("sigterm ") + (::sigismember(&blocked, SIGTERM) != 0 ? "blocked" : "free") + "\n";
  if (::write(5, text.data(), text.size()) < 0) std::exit(9);
}

// A grandchild in the same group, whose number goes to descriptor 5; then both wait.
void forkAndHang() {
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;)
      ::pause();
  }
  const std::string text = std::to_string(child) + "\n";
  if (::write(5, text.data(), text.size()) < 0) std::exit(9);
}

// A process in a session of its own whose parent is gone, as daemons make themselves; its number goes to
// descriptor 5.
void leaveDaemon() {
  const pid_t child = ::fork();
  if (child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::write(5, text.data(), text.size()) < 0) ::_exit(9);
  for (;;)
    ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "tell") return tell(), 0;
  if (what == "exit") return 7;
  if (what == "leave") return forkAndHang(), 0;
  if (what == "hang") {
    forkAndHang();
    for (;;)
      ::pause();
  }
  if (what == "daemon") return leaveDaemon(), 0;
  if (what == "daemon_and_hang") {
    leaveDaemon();
    for (;;)
      ::pause();
  }
  if (what == "spin") {
    volatile unsigned n = 0;
    while (n == 0) {
    }
  }
  if (what == "eat") {
    auto* memory = static_cast<volatile char*>(std::malloc(512U << 20U));
    if (memory == nullptr) return 12;
    for (std::size_t at = 0; at < (512U << 20U); at += 4096)
      memory[at] = 1;
    return 0;
  }
  return 1;
}
