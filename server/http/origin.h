#pragma once
// Where the request comes from that this thread works on, for whoever records what it did. A part that works
// for a request on another thread takes the origin along.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/request_id.h"

namespace redflag::http {

struct Origin {
  std::string peer;        // address
  std::string request_id;  // as the answer tells it
  std::string subject;     // whom it claims to be, where that is known before it is believed: "bob"
  // Codes of refusals that were recorded with the change that came of them, so that the front does not record
  // them again.
  std::vector<std::string> recorded;

  bool hasRecorded(const std::string& code) const {
    return std::find(recorded.begin(), recorded.end(), code) != recorded.end();
  }
};

// nullptr outside of a request.
inline Origin*& currentOrigin() {
  thread_local Origin* current = nullptr;
  return current;
}

class OriginScope {
 public:
  explicit OriginScope(Origin* origin)
      : before_(std::exchange(currentOrigin(), origin)),
        logged_(origin == nullptr ? std::string() : origin->request_id) {}
  OriginScope(const OriginScope&) = delete;
  OriginScope& operator=(const OriginScope&) = delete;
  ~OriginScope() { currentOrigin() = before_; }

 private:
  Origin* const before_;
  const RequestScope logged_;
};

}  // namespace redflag::http
