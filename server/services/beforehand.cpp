#include "services/beforehand.h"

#include "http/message.h"
#include "services/second_person.h"
#include "store/people.h"

namespace redflag::services {
namespace {

bool mayDecide(const http::Grants& grants, const StandingOrder& order) {
  const std::string role = grants.roleOver(order.client_id, order.site_id);
  return http::atLeast(role, kDecidingRole) && http::atLeast(role, order.permission);
}

void requireDecider(const StandingOrder& order, const Actor& actor) {
  if (!mayDecide(actor.grants, order))
    throw http::Problem{403, "role.insufficient",
                        "deciding about this asks for the role approver over all of it"};
}

}  // namespace

StandingOrder standingOrder(const store::ApprovalPolicy& policy) {
  return {policy.author_id, policy.changed_at, policy.scope.client_id, policy.scope.site_id, kDecidingRole};
}

StandingOrder standingOrder(const store::Schedule& schedule, const std::string& permission) {
  return {schedule.answers_id, schedule.changed_at, schedule.client_id, schedule.site_id, permission};
}

store::SecondOpinion approvedBeforehand(const store::ReadTransaction& tx, const Beforehand& wish,
                                        const StandingOrder& order, const Actor& actor, std::int64_t now) {
  requireDecider(order, actor);
  requireAnother(order.author_id, actor);
  requireIndependent(tx, order.author_id, actor, now);
  if (wish.changed_at != toRfc3339(order.changed_at))
    throw http::Problem{409, "second_person.changed", "it was changed meanwhile: look at what it says now"};
  return {actor.id, actor.name, now, wish.reason, true};
}

bool countsNow(const store::ReadTransaction& tx, const store::SecondOpinion& opinion,
               const StandingOrder& order) {
  if (opinion.id.empty() || opinion.id == order.author_id) return false;
  const auto giver = tx.people().account(opinion.id);
  return giver && !giver->disabled && mayDecide(giver->grants, order);
}

void requireWithdrawable(const store::SecondOpinion& opinion, const StandingOrder& order,
                         const Actor& actor) {
  requireDecider(order, actor);
  if (opinion.id.empty())
    throw http::Problem{409, "second_person.none", "nobody has approved beforehand what it orders"};
}

}  // namespace redflag::services
