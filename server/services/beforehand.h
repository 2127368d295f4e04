#pragma once
// What a policy or a schedule orders can be approved beforehand, once, by another person than who answers for
// it. Else each order of it that one person may not give alone waits (second_person.h). Whoever changes it
// ends that approval; it counts for nothing while its giver may not give it any more.

#include <string>

#include "services/orders.h"
#include "store/decisions.h"
#include "store/schedules.h"

namespace redflag::services {

// Of a policy or a schedule as the person who decides has seen it.
struct Beforehand {
  std::string id;
  std::string changed_at;  // RFC 3339
  std::string reason;
};

// What orders again and again, as far as deciding about it goes.
struct StandingOrder {
  std::string author_id;  // the account that answers for it
  std::int64_t changed_at = 0;
  std::string client_id;  // all that it is for, as in http::Grants
  std::string site_id;
  std::string permission;  // the role that what it orders asks for
};
StandingOrder standingOrder(const store::ApprovalPolicy& policy);
StandingOrder standingOrder(const store::Schedule& schedule, const std::string& permission);

// http::Problem 409 when it is not what was seen any more; 403 without the role approver, or what its orders
// ask for, over all of it, and when the actor is no other person than who answers for it, or may be signed in
// as the other.
store::SecondOpinion approvedBeforehand(const store::ReadTransaction& tx, const Beforehand& wish,
                                        const StandingOrder& order, const Actor& actor, std::int64_t now);
// Whether its giver could give it now.
bool countsNow(const store::ReadTransaction& tx, const store::SecondOpinion& opinion,
               const StandingOrder& order);
// http::Problem 403 as above for the role, 409 when nobody has approved it.
void requireWithdrawable(const store::SecondOpinion& opinion, const StandingOrder& order, const Actor& actor);

}  // namespace redflag::services
