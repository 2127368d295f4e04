#pragma once
// How many sign-ins may fail. Three budgets: a pair of account and address, an address, an account. The last
// would let an attacker keep the account's owner out, so a browser that once signed in to the account (it
// holds a device cookie) is not counted there but by itself, and together with the account's other known
// ones: whoever has many such cookies guesses no faster. In any hour an account sees at most 100 failures in
// all, of which at most 20 are codes from browsers that are not known (of a million, three are good at a
// time).

#include <string>
#include <vector>

#include "auth/budget.h"

namespace redflag::auth {

class SignInThrottle {
 public:
  explicit SignInThrottle(const Clock& clock);

  enum What { kPassword, kCode };

  // Counts an attempt before it is tried, so that parallel ones are counted too. `device` is empty for a
  // browser that is not known for this account. Throws Problem 429.
  class Attempt {
   public:
    void forgive();  // it was none to count

   private:
    friend class SignInThrottle;
    std::vector<std::pair<Budget*, std::string>> taken_;
  };
  Attempt attempt(const std::string& account, const std::string& address, const std::string& device,
                  What what = kPassword);
  // Of a pair of account and address: its rate is a policy (rate_limits.h).
  Budget& pairs() { return pairs_; }

 private:
  Budget pairs_;
  Budget addresses_;
  Budget accounts_;
  Budget codes_;    // of an account, from browsers that are not known
  Budget devices_;  // each by itself
  Budget known_;    // all of an account together
};

}  // namespace redflag::auth
