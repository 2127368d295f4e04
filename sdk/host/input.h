#pragma once
// What comes from the starter: what to load, kept state and the start first, then perhaps a cancel.

#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "base/result.h"
#include "host/frame.h"
#include "host/linux/descriptor.h"

namespace redflag::host {

struct Opening {
  std::string load;  // the kLoad payload
  std::map<std::string, std::string, std::less<>> state;
  std::string start;  // the kStart payload
};

// Blocks until kStart has come. kInvalid: frames in another order, or the stream ended before.
Result<Opening> readOpening(int fd, FrameDecoder& decoder);

// Listens from construction to destruction, on a thread of its own.
class CancelWatch {
 public:
  // Sets `cancelled` at kCancel, at anything that is no frame, and if `end_cancels` at the end of the stream.
  // A scan is for its starter and ends with it; an install must survive it.
  CancelWatch(int fd, FrameDecoder& decoder, bool end_cancels, std::atomic<bool>& cancelled);
  ~CancelWatch();
  CancelWatch(const CancelWatch&) = delete;
  CancelWatch& operator=(const CancelWatch&) = delete;

 private:
  void listen();
  // False: nothing more will come.
  bool handleFrames();

  const int fd_;
  FrameDecoder& decoder_;
  const bool end_cancels_;
  std::atomic<bool>& cancelled_;
  Descriptor stop_;
  std::thread thread_;
};

}  // namespace redflag::host
