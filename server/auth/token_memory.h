#pragma once
// Which tokens were found to be genuine already. A signature of the same token is as good an hour later, and
// to verify it is a third of what a check-in costs.
//
// Says nothing of what a token grants or of whether it has expired: who asks decides that each time.

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

namespace redflag::auth {

class TokenMemory {
 public:
  // `most`: how many are remembered at least before the oldest are forgotten; twice as many at most.
  explicit TokenMemory(std::size_t most);

  // Whether this very token, byte by byte, was added. [any thread]
  bool knows(std::string_view token);
  void add(std::string_view token);  // [any thread]

 private:
  using Digests = std::unordered_set<std::string>;

  void keep(std::string digest);

  const std::size_t most_;
  std::mutex mutex_;
  Digests newer_;
  Digests older_;  // until they are asked for again, or newer_ is full once more
};

}  // namespace redflag::auth
