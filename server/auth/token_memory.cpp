#include "auth/token_memory.h"

#include <utility>

#include "base/encoding.h"

namespace redflag::auth {

TokenMemory::TokenMemory(std::size_t most) : most_(most) {}

bool TokenMemory::knows(std::string_view token) {
  std::string digest = sha256(token);
  const std::lock_guard lock(mutex_);
  if (newer_.contains(digest)) return true;
  if (older_.erase(digest) == 0) return false;
  keep(std::move(digest));
  return true;
}

void TokenMemory::add(std::string_view token) {
  std::string digest = sha256(token);
  const std::lock_guard lock(mutex_);
  keep(std::move(digest));
}

void TokenMemory::keep(std::string digest) {
  if (newer_.size() >= most_) older_ = std::exchange(newer_, {});
  newer_.insert(std::move(digest));
}

}  // namespace redflag::auth
