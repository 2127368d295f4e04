#pragma once
// Locks by key: one at a time for the same agent, side by side for different ones (but for a few that meet by
// chance). What waits for the disk under such a lock shares a commit with the others. Threads: any.

#include <array>
#include <functional>
#include <mutex>
#include <string>

namespace redflag::http {

class Stripes {
 public:
  std::mutex& of(const std::string& key) { return locks_.at(std::hash<std::string>{}(key) % locks_.size()); }

 private:
  std::array<std::mutex, 64> locks_;
};

}  // namespace redflag::http
