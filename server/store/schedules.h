#pragma once
// Orders that come by the calendar, and what became of each occurrence.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "http/grants.h"
#include "store/page.h"
#include "store/second_opinion.h"
#include "store/updates.h"

namespace redflag::store {

struct Schedule {
  std::string id;
  std::string client_id;               // "": everything
  std::string site_id;                 // "": the whole client
  std::vector<std::string> agent_ids;  // empty: whoever is there when it comes
  std::string name;
  std::string type;
  std::string parameters = "{}";  // one JSON object
  std::string rule;               // calendar/rule.h
  std::string time_zone;          // "": each site's own
  std::int64_t catch_up_s = 0;
  std::string state = "active";  // active | paused | done
  std::string author_id;         // whose rights count when it comes
  std::string author;
  std::string answers_id;  // the account that answers for what it orders
  std::int64_t created_at = 0;
  std::int64_t changed_at = 0;
  std::int64_t checked_at = 0;  // every occurrence until then has a run
  std::int64_t next_at = 0;     // the earliest occurrence after it; 0: none
  SecondOpinion second = {};
};

// What became of an occurrence. Its key is (schedule, time zone, minute on that zone's clocks).
struct ScheduleRun {
  std::string id;
  std::string client_id;  // of the schedule
  std::string schedule_id;
  std::string time_zone;
  std::int64_t local_minute = 0;  // calendar::Local
  std::int64_t due_at = 0;
  std::int64_t at = 0;
  std::string outcome;  // ordered | missed | refused
  Reason reason;        // of the latter two
  std::int64_t ordered = 0;
  std::string left_out = "[]";  // machines that were not asked: [{"hostname","code","text"}]
  std::map<std::string, std::int64_t> states =
      {};  // how many of its commands are in which; not read by addRun()
};

class Schedules {
 public:
  virtual ~Schedules() = default;

  virtual Page<Schedule> list(const http::Visible& visible, const PageRequest& page) const = 0;  // by name
  virtual std::optional<Schedule> find(const std::string& id, const http::Visible& visible) const = 0;
  virtual std::int64_t count() const = 0;
  virtual void add(const Schedule& schedule) = 0;
  // Its client stays.
  virtual void change(const Schedule& schedule) = 0;
  virtual void setSecondOpinion(const Schedule& schedule) = 0;
  virtual void remove(const Schedule& schedule) = 0;  // with its runs; the commands stay

  // In the order in which they come, from the one behind `after` on; a Schedule{} begins.
  virtual std::vector<Schedule> due(std::int64_t now, const Schedule& after, std::size_t limit) const = 0;
  // False, and nothing stored, when this occurrence has one.
  virtual bool addRun(const ScheduleRun& run) = 0;
  // How many were ordered, and who was left out, of one that was just added.
  virtual void completeRun(const ScheduleRun& run) = 0;
  // Newest first.
  virtual Page<ScheduleRun> runs(const Schedule& schedule, const PageRequest& page) const = 0;
  // Nothing when it was changed since it was read.
  virtual void setChecked(const Schedule& schedule, std::int64_t checked_at, std::int64_t next_at,
                          const std::string& state) = 0;
  virtual std::vector<Schedule> active() const = 0;
  // Whatever their state.
  virtual std::vector<Schedule> checkedAfter(std::int64_t at) const = 0;
  virtual void setNext(const Schedule& schedule, std::int64_t next_at) = 0;

  // Occurrences after `now` that a clock which was ahead took for missed are still to come.
  virtual void forgetMissed(const Schedule& schedule, std::int64_t now) = 0;

  // Forgets runs. At most `limit`; true: there may be more.
  virtual bool prune(std::int64_t before, int limit) = 0;
};

}  // namespace redflag::store
