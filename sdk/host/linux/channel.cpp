#include "host/channel.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace redflag::host {
namespace {

constexpr std::size_t kGathered = 64U << 10;

bool canWait(FrameType type) {
  return type == FrameType::kRecord || type == FrameType::kBeginScope || type == FrameType::kReport ||
         type == FrameType::kState;
}

}  // namespace

void Channel::send(FrameType type, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  if (broken_) return;
  buffer_.append(encodeFrame(type, payload));
  if (!canWait(type) || buffer_.size() >= kGathered) flushLocked();
}

bool Channel::flush() {
  const std::lock_guard lock(mutex_);
  return flushLocked();
}

bool Channel::finish() {
  const std::lock_guard lock(mutex_);
  struct stat info {};
  if (flushLocked() && ::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode)) broken_ = ::fdatasync(fd_) != 0;
  return !broken_;
}

bool Channel::flushLocked() {
  std::string_view rest = buffer_;
  while (!rest.empty() && !broken_) {
    const ssize_t put = ::write(fd_, rest.data(), rest.size());
    if (put >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno != EINTR) {
      broken_ = true;
    }
  }
  buffer_.clear();
  return !broken_;
}

}  // namespace redflag::host
