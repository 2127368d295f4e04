#include "raw_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace redflag::apt {
namespace {

constexpr std::size_t kMaxLine = 4000;

void makePipe(std::array<int, 2>& ends) {
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
}

void closeIfOpen(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

RawOutput::RawOutput(std::function<void(const std::string&)> line) : line_(std::move(line)) {
  makePipe(output_);
  makePipe(stop_);
  fcntl(output_[0], F_SETFL, O_NONBLOCK);
  std::fflush(stdout);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    const int fd = STDOUT_FILENO + static_cast<int>(i);
    saved_[i] = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    dup2(output_[1], fd);
  }
  closeIfOpen(output_[1]);
  reader_ = std::thread([this] { read(); });
}

RawOutput::~RawOutput() {
  std::fflush(stdout);
  for (std::size_t i = 0; i < saved_.size(); ++i) {
    const int fd = STDOUT_FILENO + static_cast<int>(i);
    if (saved_[i] >= 0) {
      dup2(saved_[i], fd);
    } else {
      close(fd);
    }
    closeIfOpen(saved_[i]);
  }
  // Closing would not do: a child may have the descriptor, too. A byte always fits into an empty pipe.
  while (write(stop_[1], "", 1) < 0 && errno == EINTR) {
  }
  reader_.join();
  closeIfOpen(stop_[1]);
  closeIfOpen(stop_[0]);
  closeIfOpen(output_[0]);
}

void RawOutput::read() {
  std::array<pollfd, 2> waiting{pollfd{output_[0], POLLIN, 0}, pollfd{stop_[0], POLLIN, 0}};
  while (poll(waiting.data(), waiting.size(), -1) >= 0 || errno == EINTR) {
    while (readOnce()) {
    }
    if (waiting[1].revents != 0) break;
    if ((waiting[0].revents & POLLHUP) != 0) waiting[0].fd = -1;
  }
  endLine();
}

bool RawOutput::readOnce() {
  std::array<char, 4096> buffer{};
  const auto count = ::read(output_[0], buffer.data(), buffer.size());
  if (count > 0) take(buffer.data(), static_cast<std::size_t>(count));
  return count > 0 || (count < 0 && errno == EINTR);
}

void RawOutput::take(const char* bytes, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes[i] == '\n' || pending_.size() >= kMaxLine) endLine();
    if (bytes[i] != '\n' && bytes[i] != '\r') {
      if (rewinds_) pending_.clear();
      pending_.push_back(bytes[i]);
    }
    rewinds_ = bytes[i] == '\r';
  }
}

void RawOutput::endLine() {
  if (!pending_.empty()) line_(pending_);
  pending_.clear();
}

}  // namespace redflag::apt
