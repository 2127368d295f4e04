#pragma once
// Who is asking, and may they. Implemented by auth; the front asks it before any byte of a body is read.

#include <string_view>

#include "http/head.h"
#include "http/message.h"

namespace redflag::http {

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // For every request that has a route. Throws Problem 401, 403 or 429. [any worker thread]
  virtual Principal admit(const RequestHead& head, Permission permission, const std::string& peer) = 0;
  // Once the body is there as sent: for signed requests, whether it is the one that was signed.
  // Throws Problem. [any worker thread]
  virtual void checkBody(const Principal& principal, const RequestHead& head, std::string_view body) = 0;
  // Once the body is there: whoever was admitted at the head may have been signed out or lost a right while
  // it trickled in. Takes over what is so now. Throws Problem 401 or 403. [any worker thread]
  virtual void admitAgain(Principal& principal, Permission permission) = 0;
  // Whether whoever was admitted then would be now; streams ask before each thing they write. [any worker
  // thread]
  virtual bool stillAdmitted(const Principal& principal) = 0;
};

}  // namespace redflag::http
