#include "host/isolate.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "host/frame.h"
#include "host/reads.h"

namespace redflag::host {
namespace {

constexpr int kFirstHidden = 16;

Result<int> moveAway(int fd) {
  const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, kFirstHidden);
  if (moved < 0) {
    return fail(Code::kInvalid,
                "descriptor " + std::to_string(fd) + ": " + std::generic_category().message(errno));
  }
  return moved;
}

Result<> pointToNull(int fd) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0 || ::dup3(null, fd, O_CLOEXEC) < 0) {
    return fail(Code::kIo, std::string("/dev/null: ") + std::generic_category().message(errno));
  }
  ::close(null);
  return {};
}

}  // namespace

Result<Endpoints> isolate() {
  auto input = moveAway(kInputFd);
  if (!input) return tl::unexpected<Error>(input.error());
  auto output = moveAway(kOutputFd);
  if (!output) return tl::unexpected<Error>(output.error());
  for (const int fd : {kInputFd, kOutputFd}) {
    if (auto pointed = pointToNull(fd); !pointed) return tl::unexpected<Error>(pointed.error());
  }
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR || ::prctl(PR_SET_DUMPABLE, 0) != 0) {
    return fail(Code::kInternal, "the process could not be prepared");
  }
  const auto reads = moveAway(kReadsFd);  // only some are given one
  if (reads) ::close(kReadsFd);
  return Endpoints{*input, *output, reads.value_or(-1)};
}

void endProcess(int code) {
  ::_exit(code);
}

}  // namespace redflag::host
