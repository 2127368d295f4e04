#pragma once
#include "store/schedules.h"
#include "store/sql/connection.h"

namespace redflag::store::sql {

class SqlSchedules : public Schedules {
 public:
  explicit SqlSchedules(Connection& connection) : db_(connection) {}

  Page<Schedule> list(const http::Visible& visible, const PageRequest& page) const override;
  std::optional<Schedule> find(const std::string& id, const http::Visible& visible) const override;
  std::int64_t count() const override;
  void add(const Schedule& schedule) override;
  void change(const Schedule& schedule) override;
  void setSecondOpinion(const Schedule& schedule) override;
  void remove(const Schedule& schedule) override;
  std::vector<Schedule> due(std::int64_t now, const Schedule& after, std::size_t limit) const override;
  bool addRun(const ScheduleRun& run) override;
  void completeRun(const ScheduleRun& run) override;
  Page<ScheduleRun> runs(const Schedule& schedule, const PageRequest& page) const override;
  void setChecked(const Schedule& schedule, std::int64_t checked_at, std::int64_t next_at,
                  const std::string& state) override;
  std::vector<Schedule> active() const override;
  std::vector<Schedule> checkedAfter(std::int64_t at) const override;
  void setNext(const Schedule& schedule, std::int64_t next_at) override;
  void forgetMissed(const Schedule& schedule, std::int64_t now) override;
  bool prune(std::int64_t before, int limit) override;

 private:
  std::vector<Schedule> select(const std::string& conditions, const std::vector<Value>& values) const;
  void countStates(std::vector<ScheduleRun>& runs) const;

  Connection& db_;
};

}  // namespace redflag::store::sql
