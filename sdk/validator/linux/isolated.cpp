#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/time.h"
#include "host/isolate.h"
#include "host/linux/descriptor.h"
#include "validator/check.h"

namespace redflag::validator {
namespace {

constexpr std::size_t kMaxVerdict = 64U << 10;

[[noreturn]] void serve(const Check& check, const Target& target, int answer) {
  ::setpgid(0, 0);
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd)
    ::dup2(nowhere, fd);
  const Verdict verdict = check.run(target);
  const std::string text =
      static_cast<char>('0' + static_cast<int>(verdict.outcome)) + verdict.text.substr(0, 4000);
  host::endProcess(::write(answer, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
}

// False: the deadline was over first.
bool readAll(int fd, std::int64_t deadline_ns, std::string& into) {
  char buffer[4096];
  while (into.size() < kMaxVerdict) {
    const auto left_ms = (deadline_ns - monotonicNow()) / 1'000'000;
    pollfd waits{fd, POLLIN, 0};
    if (left_ms <= 0) return false;
    if (::poll(&waits, 1, static_cast<int>(left_ms)) <= 0) continue;
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got <= 0) return true;
    into.append(buffer, static_cast<std::size_t>(got));
  }
  return true;
}

// Leaves it to be reaped.
bool hasEnded(pid_t child, std::int64_t deadline_ns) {
  siginfo_t info{};
  while (monotonicNow() < deadline_ns) {
    if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == child)
      return true;
    ::poll(nullptr, 0, 1);
  }
  return false;
}

Verdict judge(const std::string& answer, bool in_time, int status, int timeout_s) {
  if (!in_time)
    return failed("it hung: it had not come back after " + std::to_string(timeout_s) + " s and was killed");
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return {Outcome::kCrashed,
            "the process died of signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")"};
  }
  if (answer.empty())
    return failed("the process ended with code " + std::to_string(WEXITSTATUS(status)) +
                  " inside the plugin's call: it called exit, or went on committing rows after RF_LIMIT");
  return {static_cast<Outcome>(answer.front() - '0'), answer.substr(1)};
}

}  // namespace

Verdict runIsolated(const Check& check, const Target& target, int timeout_s) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return failed(std::string("no pipe: ") + std::strerror(errno));
  const host::Descriptor read_end(ends[0]);
  host::Descriptor write_end(ends[1]);
  std::fflush(nullptr);  // what is buffered here must not be written by the child
  const pid_t child = ::fork();
  if (child < 0) return failed(std::string("no process: ") + std::strerror(errno));
  if (child == 0) serve(check, target, write_end.get());
  ::setpgid(child, child);
  write_end.reset();
  std::string answer;
  const std::int64_t deadline_ns = monotonicNow() + timeout_s * kSecondNs;
  const bool in_time = readAll(read_end.get(), deadline_ns, answer) && hasEnded(child, deadline_ns);
  ::kill(-child, SIGKILL);  // with all that it started; not yet reaped, its id is nobody else's
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return judge(answer, in_time, status, timeout_s);
}

}  // namespace redflag::validator
