#include "main/stop_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

namespace redflag::server {
namespace {

std::atomic<int> g_bell{-1};

extern "C" void onSignal(int) {
  const int before = errno;
  const std::uint64_t one = 1;
  if (::write(g_bell.load(), &one, sizeof one) < 0) ::_exit(1);
  errno = before;
}

void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigaction(number, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal() {
  g_bell = ::eventfd(0, EFD_CLOEXEC);
  if (g_bell < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  // Reset by its first use: whoever asks again does not want to wait.
  for (const int number : {SIGTERM, SIGINT})
    handle(number, onSignal, static_cast<int>(SA_RESETHAND) | SA_RESTART);
}

StopSignal::~StopSignal() {
  for (const int number : {SIGTERM, SIGINT})
    handle(number, SIG_DFL, 0);
  ::close(g_bell.exchange(-1));
}

bool StopSignal::waitFor(int milliseconds) {
  pollfd rung{g_bell, POLLIN, 0};
  return ::poll(&rung, 1, milliseconds) == 1;
}

}  // namespace redflag::server
