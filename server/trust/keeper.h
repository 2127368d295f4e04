#pragma once
// Keeps a repository's online signatures fresh.

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "trust/repository.h"

namespace redflag::trust {

class Keeper {
 public:
  // `restored`: the file that a restore leaves behind, with the epoch of what was restored. While it is
  // there, or `behind` beside it (set_back.h), nothing is signed until the offline keys signed a higher
  // epoch: agents may be ahead of this server, and somebody must have looked.
  Keeper(Repository& repository, std::filesystem::path restored)
      : repository_(repository), restored_(std::move(restored)) {}

  // Looks every four seconds at most, however often it is called. Never throws: what is wrong is in the log,
  // once. [any thread]
  void tend(std::int64_t now_ns);

  // What agents are told now; nullptr while nothing was published or the repository is not in order. [any
  // thread]
  std::shared_ptr<const PublishedTrust> published() const;
  // The restore epoch under which this command key may sign orders now; else why it may not. [any thread]
  Result<std::int64_t> epochFor(const std::string& key_id, std::int64_t now_ns) const;

 private:
  void say(const std::string& problem);

  Repository& repository_;
  const std::filesystem::path restored_;
  mutable std::mutex mutex_;
  std::shared_ptr<const PublishedTrust> published_;
  std::int64_t tended_at_ = 0;
  std::string problem_;
};

}  // namespace redflag::trust
