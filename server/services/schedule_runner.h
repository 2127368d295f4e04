#pragma once
// Turns what a schedule says into commands, when it comes: once for each occurrence, whoever else does the
// same work at the same time and whenever a server is killed, because the occurrence's row and its commands
// are one transaction. An occurrence that nobody carried out in time is recorded as missed. A clock that is
// put back brings back nothing that was ordered, and silences nothing that is still to come.
//
// What may be ordered, and of which machines, is a matter of the author's rights at that moment.

#include <limits>
#include <set>
#include <string>

#include "services/orders.h"
#include "services/schedule_reach.h"

namespace redflag::services {

// An occurrence may begin this late even where nothing is to be caught up: no server looks at every second.
constexpr std::int64_t kLeastLatenessS = 300;

class ScheduleRunner {
 public:
  ScheduleRunner(const Context& context, Orders& orders) : context_(context), orders_(orders) {}

  // One round over what is due. What fails is tried again in the next one, until it is too late, and told
  // again only once it was changed or fails otherwise.
  void run();

 private:
  struct Due {
    const store::Schedule& schedule;
    calendar::Occurrence occurrence;
    std::string zone;
    std::set<std::string> sites;
  };

  void followBack(std::int64_t now);
  void goOnFrom(std::int64_t now, const store::Schedule& schedule);
  // Adds to `failed` what it says where that fails.
  void tryOne(const store::Schedule& schedule, std::set<std::string>& failed);
  void runOne(const store::Schedule& schedule);
  void runZone(const store::Schedule& schedule, const calendar::Rule& rule, const std::string& zone,
               const std::set<std::string>& sites, std::int64_t now);
  void carryOut(const Due& due);
  void recordOnly(const Due& due, const std::string& outcome, const store::Reason& reason);
  store::ScheduleRun runOf(const Due& due) const;
  bool begin(store::WriteTransaction& tx, const Due& due, const store::ScheduleRun& run) const;

  const Context& context_;
  Orders& orders_;
  // By the wall clock; at a start nobody knows what the clock was before.
  std::int64_t looked_at_ = std::numeric_limits<std::int64_t>::max();
  std::set<std::string> failing_;  // what was told of those that failed in the last round
};

}  // namespace redflag::services
