#pragma once
// How many sign-ins may fail. Three budgets: a pair of account and address, an address, an account. The last
// would let an attacker keep the account's owner out, so a browser that once signed in to the account (it
// holds a device cookie) is not counted there but by itself.

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

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

class SignInThrottle {
 public:
  explicit SignInThrottle(const Clock& clock);

  // Counts an attempt before it is tried, so that parallel ones are counted too. `device` is empty for a
  // browser that is not known for this account. Throws Problem 429.
  class Attempt {
   public:
    void forgive();  // it was none to count

   private:
    friend class SignInThrottle;
    std::vector<std::pair<Budget*, std::string>> taken_;
  };
  Attempt attempt(const std::string& account, const std::string& address, const std::string& device);

 private:
  Budget pairs_;
  Budget addresses_;
  Budget accounts_;
  Budget devices_;
};

}  // namespace redflag::auth
