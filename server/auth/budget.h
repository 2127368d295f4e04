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
  // The same without taking.
  int wait(const std::string& key);
  // From now on; what was used up so far stays used up.
  void setRate(const Rate& rate);

 private:
  struct Level {
    double left = 0;
    std::int64_t at_ns = 0;
  };
  Level& level(const std::string& key);
  void makeRoom();
  int secondsUntilOne(const Level& found) const;

  const Clock& clock_;
  std::mutex mutex_;
  Rate rate_;
  std::map<std::string, Level> levels_;
};

// Whoever has an IPv6 address has a whole /64 to try from: that, or the IPv4 address.
std::string networkOf(const std::string& address);

}  // namespace redflag::auth
