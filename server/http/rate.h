#pragma once
// How often whoever asks may ask. What a route costs is declared in the route table; auth keeps count.

#include <string>

#include "http/message.h"

namespace redflag::http {

class RateLimiter {
 public:
  virtual ~RateLimiter() = default;
  // For an admitted request. Throws Problem 429 with the seconds to wait. [any worker thread]
  virtual void take(Rate rate, const Principal& principal, const std::string& peer) = 0;
  // The request was refused by its handler. [any worker thread]
  virtual void failed(Rate rate, const Principal& principal, const std::string& peer) = 0;
};

}  // namespace redflag::http
