#pragma once
// Refusals as RFC 9457 problem documents, and their count by code.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "http/message.h"

namespace redflag::http {

const char* reasonPhrase(int status);
Response problemResponse(const Problem& problem, const std::string& request_id);

// How often each code was answered since the start. [any thread]
class RefusalCounts {
 public:
  void add(const std::string& code) {
    const std::lock_guard lock(mutex_);
    ++counts_[code];
  }
  std::map<std::string, std::uint64_t> snapshot() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;  // codes are ours: few
};

}  // namespace redflag::http
