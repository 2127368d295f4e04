#pragma once
// Every service over one store: what main makes once and the routes' handlers call.

#include "services/accounts.h"
#include "services/agent_access.h"
#include "services/agent_decisions.h"
#include "services/approvals.h"
#include "services/context.h"
#include "services/enrolment.h"
#include "services/groups.h"
#include "services/ignores.h"
#include "services/orders.h"
#include "services/overview.h"
#include "services/places.h"
#include "services/policies.h"
#include "services/preparations.h"
#include "services/presence.h"
#include "services/profile_keeper.h"
#include "services/profiles.h"
#include "services/schedule_runner.h"
#include "services/schedules.h"
#include "services/second_factors.h"
#include "services/second_person.h"
#include "services/security.h"
#include "services/settlement.h"
#include "services/upkeep.h"
#include "services/uploads.h"
#include "services/users.h"
#include "services/windows.h"

namespace redflag::services {

class Services {
 public:
  // What `context` refers to outlives this. The store tells `context.bell` whenever the outbox has grown.
  explicit Services(const Context& context);
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

 private:
  Context context_;  // first: the others keep a reference

 public:
  Accounts accounts;
  AgentAccess access;
  AgentDecisions decisions;
  SecondFactors second_factors;
  Enrolment enrolment;
  Presence presence;
  Uploads uploads;
  Orders orders;
  Approvals approvals;
  SecondPerson second_person;
  Ignores ignores;
  Policies policies;
  Settlement settlement;
  Security security;
  Overview overview;
  Places places;
  Users users;
  Profiles profiles;
  ProfileKeeper profile_keeper;
  Schedules schedules;
  ScheduleRunner schedule_runner;
  Groups groups;
  Windows windows;
  Preparations preparations;
  Upkeep upkeep;

  const Context& context() const { return context_; }
  store::Store& store() const { return context_.store; }

  // The first start: a client and a site to put machines into. Nothing when there is one.
  void initialize();
};

}  // namespace redflag::services
