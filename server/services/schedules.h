#pragma once
// Schedules as people keep them: a command type and its parameters, whom it is for, and a rule. Who saved one
// last is its author, with whose rights it is carried out (schedule_runner.h).

#include <string>
#include <vector>

#include "services/beforehand.h"
#include "services/orders.h"
#include "services/schedule_reach.h"
#include "services/windows.h"

namespace redflag::services {

constexpr std::int64_t kMostCatchUpS = 7 * 86'400;

struct ScheduleWish {
  std::string name;
  std::string type;
  Json parameters = Json::object();
  std::string client_id;               // "" with the next two: everything
  std::string site_id;                 // "": the whole client
  std::vector<std::string> agent_ids;  // of one client; empty: whoever is there when it comes
  calendar::Rule rule;
  std::string time_zone;  // "": each site's own
  std::int64_t catch_up_s = 0;
};

struct Forecast {
  struct InZone {
    std::string time_zone;
    std::size_t sites = 0;
    std::vector<calendar::Occurrence> next;
    std::string problem;  // why nothing comes there
  };
  std::vector<InZone> zones;
  std::int64_t agents = 0;        // that would be asked now
  std::int64_t left_out = 0;      // over which the author has not the role, or that get no orders
  std::vector<WindowHint> waits;  // what the orders of each zone's first occurrence would wait for
};

class Schedules {
 public:
  explicit Schedules(const Context& context) : context_(context) {}

  store::Page<store::Schedule> list(const Actor& actor, const store::PageRequest& page) const;
  store::Schedule find(const std::string& id, const Actor& actor) const;  // http::Problem 404
  store::Page<store::ScheduleRun> runs(const std::string& id, const Actor& actor,
                                       const store::PageRequest& page) const;

  // What saving this would mean. http::Problem as add(), but for the proof.
  Forecast preview(const ScheduleWish& wish, std::size_t occurrences, const Actor& actor) const;

  // http::Problem 404 a place or machine that the actor does not see, 403 without the type's role over all of
  // it or the proof that a destructive type takes, 409 a type that is ordered by approval only, 422 with the
  // field, 409 "time_zone.unknown" where none of its zones is known.
  store::Schedule add(const ScheduleWish& wish, const Actor& actor);
  // It stays with its client: 409 "schedule.other_client". Paused ones stay paused; one that was done goes
  // on.
  store::Schedule change(const std::string& id, const ScheduleWish& wish, const Actor& actor);
  void remove(const std::string& id, const Actor& actor);
  // What would have come meanwhile does not come later. http::Problem 409 of what was for once and is over;
  // resume(): of what cannot be read, and of zones as add().
  store::Schedule pause(const std::string& id, const Actor& actor);
  store::Schedule resume(const std::string& id, const Actor& actor);
  // What it orders needs no other person from now on, until it is changed. http::Problem 404, 409 when its
  // type is not installed, and as approvedBeforehand().
  store::Schedule approve(const Beforehand& wish, const Actor& actor);
  // http::Problem 404, and as requireWithdrawable().
  store::Schedule withdrawApproval(const std::string& id, const Actor& actor);

 private:
  store::Schedule judged(const ScheduleWish& wish, const Actor& actor) const;
  commands::CommandType typeOf(const std::string& id) const;
  // One that the actor sees and may change.
  store::Schedule findFor(const store::ReadTransaction& tx, const std::string& id, const Actor& actor) const;
  store::Schedule setState(const std::string& id, const std::string& state, const Actor& actor);
  std::string permissionOf(const store::Schedule& schedule) const;
  // One that the actor sees.
  store::Schedule visible(const store::ReadTransaction& tx, const std::string& id, const Actor& actor) const;
  void tellWhetherApproved(const store::ReadTransaction& tx, store::Schedule& schedule) const;
  void tell(store::WriteTransaction& tx, const store::Schedule& schedule, const Actor& actor,
            const std::string& what, const std::string& why = "") const;

  const Context& context_;
};

}  // namespace redflag::services
