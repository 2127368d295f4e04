#pragma once
// Keeps a repository's online signatures fresh and says in the log when the offline ones will end.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "trust/repository.h"

namespace redflag::trust {

class Keeper {
 public:
  explicit Keeper(Repository& repository) : repository_(repository) {}

  // Looks once a minute at most, however often it is called. Never throws: what is wrong is in the log, once.
  // [any thread]
  void tend(std::int64_t now_ns);

  // What agents are told now; nullptr while nothing was published or the repository is not in order. [any
  // thread]
  std::shared_ptr<const PublishedTrust> published() const;

 private:
  void say(const std::string& problem);
  void warnOfExpiry(const char* role, std::int64_t expires_ns, std::int64_t now_ns);

  Repository& repository_;
  mutable std::mutex mutex_;
  std::shared_ptr<const PublishedTrust> published_;
  std::int64_t tended_at_ = 0;
  std::int64_t warned_at_ = 0;
  std::string problem_;
};

// Of the 60, 30 and 7 days before the end the one that is reached; 0: none yet.
int expiryWarningDays(std::int64_t expires_ns, std::int64_t now_ns);

}  // namespace redflag::trust
