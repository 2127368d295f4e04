#pragma once
// What an open event stream writes.

#include <memory>
#include <string>

#include "http/dispatcher.h"

namespace redflag::http {

class Feed {
 public:
  virtual ~Feed() = default;
  enum class Moment { kOpened, kCalled, kHeartbeat, kWritten, kStopping };
  // Appends what is to be written now, little or nothing; asked again after it was written (kWritten), so
  // that a slow reader makes nothing pile up. False: the stream ends after that. [one worker at a time]
  virtual bool pull(Moment moment, std::string& out) = 0;
};

class FeedOpener {
 public:
  virtual ~FeedOpener() = default;
  // `id` is what ConnectionLot::call() takes. Throws Problem. [any worker thread]
  virtual std::unique_ptr<Feed> open(const Dispatcher::Admission& admission, std::uint64_t id) = 0;
};

}  // namespace redflag::http
