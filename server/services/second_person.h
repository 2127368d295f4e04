#pragma once
// What one person may not do alone: orders of a class of risk over as many machines as a rule says wait until
// another person has approved them. One person's orders of an hour count together, so that a hundred orders
// for one machine each are no way around it.

#include <string>
#include <vector>

#include "services/orders.h"
#include "store/people.h"

namespace redflag::services {

// A rule as it counts now. Asking for more counts at once; asking for less a day later, so that whoever took
// over one administrator cannot order and switch the rule off in one go.
struct RuleInForce {
  std::string risk;                // high | destructive
  std::int64_t machines = 0;       // from how many on; 0: nobody is asked
  std::int64_t set = 0;            // what was set last
  std::int64_t set_counts_at = 0;  // epoch ns from which that counts; 0: it does
  std::int64_t changed_at = 0;     // epoch ns; 0: never
  std::string changed_by;
};

class SecondPerson {
 public:
  static constexpr std::int64_t kMostMachines = 1'000'000;
  // How long an order waits for somebody, and how long a password that somebody else gave keeps the two from
  // being two persons.
  static constexpr std::int64_t kPatienceNs = 86'400 * kSecondNs;
  static constexpr std::int64_t kCountedNs = 3'600 * kSecondNs;

  SecondPerson(const Context& context, Orders& orders) : context_(context), orders_(orders) {}

  std::vector<RuleInForce> rules() const;
  // http::Problem 404 when there is no such class of risk.
  RuleInForce setRule(const std::string& risk, std::int64_t machines, const Actor& actor);

  // Whether the actor's role suffices to decide about it at one of its places, at least.
  bool mayDecide(const store::HeldOrder& order, const Actor& actor) const;
  // Both decide about what of the order waits where the actor is an approver and has the role its type asks
  // for, and answer how many commands that were. http::Problem 404 when the actor sees nothing of it that
  // waits; 403 without the role anywhere, or when the actor is no other person than its author; to
  // approve, also when one of the two may be signed in as the other, and 409 when it has waited too long: a
  // schedule's order no longer than its machine had without that.
  std::size_t approve(const std::string& order_id, const std::string& reason, const Actor& actor);
  std::size_t decline(const std::string& order_id, const std::string& reason, const Actor& actor);

 private:
  std::vector<store::Command> decidable(const store::WriteTransaction& tx, const std::string& order_id,
                                        const Actor& actor) const;
  void record(store::WriteTransaction& tx, const store::Command& command, const Actor& actor,
              const std::string& kind, const std::string& text) const;

  const Context& context_;
  Orders& orders_;
};

// The role that deciding about what others ordered asks for, at least.
constexpr const char* kDecidingRole = "approver";
// http::Problem 403 when the actor is no other person than who answers for it.
void requireAnother(const std::string& author_id, const Actor& actor);
// http::Problem 403 when one of the two gave the other one a password lately, and so may be signed in as
// both.
void requireIndependent(const store::ReadTransaction& tx, const std::string& author_id, const Actor& actor,
                        std::int64_t now);

// Says of orders that a person gives together who answers for them, and makes them wait when a rule says so
// and nobody else has approved beforehand what this actor orders.
// In the transaction that places them, on what it places.
void bindToAuthor(store::WriteTransaction& tx, std::vector<PreparedOrder>& orders,
                  const std::string& order_id, const std::string& risk, const Actor& actor, std::int64_t now);

}  // namespace redflag::services
