#pragma once
// What a transaction's callback sees: every area, on one connection.

#include <functional>
#include <vector>

#include "store/sql/agents.h"
#include "store/sql/audit.h"
#include "store/sql/commands.h"
#include "store/sql/decisions.h"
#include "store/sql/errors.h"
#include "store/sql/events.h"
#include "store/sql/factors.h"
#include "store/sql/groups.h"
#include "store/sql/metrics.h"
#include "store/sql/people.h"
#include "store/sql/profiles.h"
#include "store/sql/scans.h"
#include "store/sql/schedules.h"
#include "store/sql/updates.h"
#include "store/sql/windows.h"
#include "store/store.h"

namespace redflag::store::sql {

class Transaction : public WriteTransaction {
 public:
  explicit Transaction(Connection& connection)
      : connection_(connection),
        agents_(connection),
        audit_(connection),
        commands_(connection),
        decisions_(connection),
        errors_(connection),
        events_(connection, audit_, errors_),
        factors_(connection),
        groups_(connection),
        metrics_(connection),
        people_(connection),
        profiles_(connection),
        scans_(connection),
        schedules_(connection),
        updates_(connection),
        windows_(connection) {}

  const Agents& agents() const override { return agents_; }
  const Audit& audit() const override { return audit_; }
  const Commands& commands() const override { return commands_; }
  const Errors& errors() const override { return errors_; }
  const Decisions& decisions() const override { return decisions_; }
  const Events& events() const override { return events_; }
  const Factors& factors() const override { return factors_; }
  const Groups& groups() const override { return groups_; }
  const Metrics& metrics() const override { return metrics_; }
  const People& people() const override { return people_; }
  const Profiles& profiles() const override { return profiles_; }
  const Scans& scans() const override { return scans_; }
  const Schedules& schedules() const override { return schedules_; }
  const Updates& updates() const override { return updates_; }
  const Windows& windows() const override { return windows_; }
  Agents& agents() override { return agents_; }
  Audit& audit() override { return audit_; }
  Commands& commands() override { return commands_; }
  Errors& errors() override { return errors_; }
  Decisions& decisions() override { return decisions_; }
  Events& events() override { return events_; }
  Factors& factors() override { return factors_; }
  Groups& groups() override { return groups_; }
  Metrics& metrics() override { return metrics_; }
  People& people() override { return people_; }
  Profiles& profiles() override { return profiles_; }
  Scans& scans() override { return scans_; }
  Schedules& schedules() override { return schedules_; }
  Updates& updates() override { return updates_; }
  Windows& windows() override { return windows_; }

  void attempt(const std::function<void()>& part) override;
  void alone() override { connection_.demandAlone(); }
  void afterCommit(std::function<void()> action) override { after_commit_.push_back(std::move(action)); }

  // The last thing before the commit: what waited for it. Answers whether anything was published.
  bool finish();
  std::vector<std::function<void()>> takeAfterCommit();

 private:
  void undoAttempt();

  Connection& connection_;
  SqlAgents agents_;
  SqlAudit audit_;
  SqlCommands commands_;
  SqlDecisions decisions_;
  SqlErrors errors_;
  SqlEvents events_;
  SqlFactors factors_;
  SqlGroups groups_;
  SqlMetrics metrics_;
  SqlPeople people_;
  SqlProfiles profiles_;
  SqlScans scans_;
  SqlSchedules schedules_;
  SqlUpdates updates_;
  SqlWindows windows_;
  std::vector<std::function<void()>> after_commit_;
};

}  // namespace redflag::store::sql
