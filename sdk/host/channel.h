#pragma once
// Frames on their way out. Rows are gathered; whatever somebody waits for goes out at once.
// Threads: send() and flush() may be called from any thread.

#include <mutex>
#include <string>
#include <string_view>

#include "host/frame.h"

namespace redflag::host {

class Channel {
 public:
  // Takes no ownership.
  explicit Channel(int fd) : fd_(fd) {}

  void send(FrameType type, std::string_view payload);
  // False, from then on for ever, when the reader is gone or the disk is full.
  bool flush();
  // flush(), and where the other end is a file, onto the disk.
  bool finish();

 private:
  bool flushLocked();

  std::mutex mutex_;
  int fd_;
  bool broken_ = false;
  std::string buffer_;
};

}  // namespace redflag::host
