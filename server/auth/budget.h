#pragma once
// How often something may happen.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "base/time.h"

namespace redflag::auth {

// Budgets by key that fill up again evenly. [any thread]
class Budget {
 public:
  struct Rate {
    double capacity = 10;
    double per_second = 10.0 / 60;
  };
  Budget(const Clock& clock, const Rate& rate) : clock_(clock), rate_(rate) {}

  // 0 and one taken, or the seconds until there is one.
  int take(const std::string& key);
  void giveBack(const std::string& key);

 private:
  struct Level {
    double left = 0;
    std::int64_t at_ns = 0;
  };
  Level& level(const std::string& key);
  void makeRoom();

  const Clock& clock_;
  const Rate rate_;
  std::mutex mutex_;
  std::map<std::string, Level> levels_;
};

}  // namespace redflag::auth
