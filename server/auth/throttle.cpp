#include "auth/throttle.h"

#include "http/message.h"

namespace redflag::auth {
namespace {

constexpr Budget::Rate kPair{10, 10.0 / 60};
constexpr Budget::Rate kAddress{60, 60.0 / 60};
// At most twice as many in any hour: of an account together 100.
constexpr Budget::Rate kAccount{25, 25.0 / 3600};
constexpr Budget::Rate kCodes{10, 10.0 / 3600};
constexpr Budget::Rate kDevice{20, 20.0 / 3600};
constexpr Budget::Rate kKnown{25, 25.0 / 3600};

}  // namespace

SignInThrottle::SignInThrottle(const Clock& clock)
    : pairs_(clock, kPair),
      addresses_(clock, kAddress),
      accounts_(clock, kAccount),
      codes_(clock, kCodes),
      devices_(clock, kDevice),
      known_(clock, kKnown) {}

SignInThrottle::Attempt SignInThrottle::attempt(const std::string& account, const std::string& address,
                                                const std::string& device, What what) {
  const std::string from = networkOf(address);
  Attempt out;
  const auto take = [&out](Budget& budget, const std::string& key) {
    const int wait_s = budget.take(key);
    if (wait_s == 0) {
      out.taken_.emplace_back(&budget, key);
      return;
    }
    out.forgive();  // what another budget refuses costs nothing here
    throw http::Problem{429, "sign_in.throttled", "too many sign-ins failed; wait a little", "", wait_s};
  };
  take(addresses_, from);
  take(pairs_, account + '\n' + from);
  if (device.empty()) {
    take(accounts_, account);
    if (what == kCode) take(codes_, account);
  } else {
    take(devices_, device);
    take(known_, account);
  }
  return out;
}

void SignInThrottle::Attempt::forgive() {
  for (const auto& [budget, key] : taken_)
    budget->giveBack(key);
  taken_.clear();
}

}  // namespace redflag::auth
