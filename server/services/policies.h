#pragma once
// Policies that approve updates by themselves: judged again and again, since a scan brings new rows and time
// makes old ones due. They approve through the same code as a person, and are the actor in the audit log.

#include <string>
#include <vector>

#include "services/approvals.h"
#include "services/beforehand.h"
#include "services/context.h"
#include "services/policy_terms.h"
#include "store/groups.h"

namespace redflag::services {

struct PolicyReach {
  std::size_t updates = 0;               // that it would approve now
  std::size_t agents = 0;                // of these
  std::vector<store::UpdateRow> sample;  // the first of `updates`, at most 100
};

class Policies {
 public:
  Policies(const Context& context, Approvals& approvals) : context_(context), approvals_(approvals) {}

  std::vector<LoadedPolicy> list(const Actor& actor) const;
  // What `draft` would approve now beside the policies there are, instead of the one of its id if there is
  // one. http::Problem as of add() and change().
  PolicyReach preview(LoadedPolicy draft, const Actor& actor) const;
  // http::Problem 404 for a place the actor does not see, 403 where the actor does not administer all of it,
  // 409 when the name is taken, at its client or everywhere.
  LoadedPolicy add(LoadedPolicy policy, const Actor& actor);
  // Its scope stays. http::Problem also 404 for the policy.
  LoadedPolicy change(LoadedPolicy policy, const Actor& actor);
  void remove(const std::string& policy_id, const Actor& actor);
  // What it orders needs no other person from now on, until it is changed. http::Problem 404, 409 when it
  // orders nothing, and as approvedBeforehand().
  LoadedPolicy approve(const Beforehand& wish, const Actor& actor);
  // http::Problem 404, and as requireWithdrawable().
  LoadedPolicy withdrawApproval(const std::string& policy_id, const Actor& actor);

  // Approves what is due. Not more often than every few seconds, and seldom where judging takes long; the
  // server's own thread alone calls it.
  void sweep();

  // As they are stored, and for whom now, for judging rows of these machines: however many are in a group,
  // few are read. Those that cannot be read are left out.
  static std::vector<LoadedPolicy> allFor(const store::ReadTransaction& tx,
                                          const store::Groups::Machines& machines);

 private:
  std::vector<store::UpdateRow> due(const store::ReadTransaction& tx,
                                    const std::vector<LoadedPolicy>& policies,
                                    const store::UpdateRowPlace& after) const;

  void approveAs(const LoadedPolicy& policy, const std::vector<store::UpdateRow>& rows);

  const Context& context_;
  Approvals& approvals_;
  std::int64_t next_ns_ = 0;     // monotonic
  store::UpdateRowPlace after_;  // where the next round goes on
};

}  // namespace redflag::services
