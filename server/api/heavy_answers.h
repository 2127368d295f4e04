#pragma once
// Answers that are large and take long: how many are made and sent at once is bounded, so that whoever asks
// for many of them, or reads slowly, holds no memory that others need.

#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace redflag::api {

class HeavyAnswers {
 public:
  explicit HeavyAnswers(std::size_t at_once) : at_once_(at_once) {}

  // One of them; keep it in Response::until_sent. http::Problem with Retry-After: 429 while this account has
  // one already, 503 while there are too many. [any thread]
  static std::shared_ptr<void> begin(const std::shared_ptr<HeavyAnswers>& all, const std::string& account);

 private:
  std::mutex mutex_;
  std::set<std::string> accounts_;  // that have one
  const std::size_t at_once_;
};

}  // namespace redflag::api
