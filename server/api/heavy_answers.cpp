#include "api/heavy_answers.h"

#include "http/message.h"

namespace redflag::api {
namespace {

constexpr int kBusyForS = 10;

}  // namespace

std::shared_ptr<void> HeavyAnswers::begin(const std::shared_ptr<HeavyAnswers>& all,
                                          const std::string& account) {
  const std::lock_guard lock(all->mutex_);
  if (all->accounts_.contains(account))
    throw http::Problem{429, "rate.heavy", "one of these is being sent to this account already", "",
                        kBusyForS};
  if (all->accounts_.size() >= all->at_once_)
    throw http::Problem{503, "server.busy", "as many of these are being sent as may be at once", "",
                        kBusyForS};
  all->accounts_.insert(account);
  return {nullptr, [all, account](void*) {
            const std::lock_guard freed(all->mutex_);
            all->accounts_.erase(account);
          }};
}

}  // namespace redflag::api
