#pragma once
// Refusals as RFC 9457 problem documents, and their count by code.

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "http/message.h"

namespace redflag::http {

const char* reasonPhrase(int status);
Response problemResponse(const Problem& problem, const std::string& request_id);

// How often each code was answered since the start. Most are ours, and few; a command type of somebody else
// can answer with as many as it likes: past the bound they count as "other". [any thread]
class RefusalCounts {
 public:
  static constexpr std::size_t kMostCodes = 500;

  void add(const std::string& code) {
    const std::lock_guard lock(mutex_);
    const bool known = counts_.size() < kMostCodes || counts_.contains(code);
    ++counts_[known ? code : "other"];
  }
  std::map<std::string, std::uint64_t> snapshot() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace redflag::http
