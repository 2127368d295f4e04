#pragma once
// Commands from the order to the agent's hands: made, handed out signed, cancelled, confirmed, retried, given
// up. What of them waits for a second person is services/second_person.h, what for a maintenance window
// services/window_gate.h.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/context.h"
#include "services/window_gate.h"
#include "store/commands.h"

namespace redflag::services {

// Who orders: a user with grants, or the server itself. `proven`: has just proven again who it is; without,
// destructive orders are refused.
struct Actor {
  std::string name;
  http::Grants grants;
  bool proven = false;
  std::string id = {};           // of the account; "": the server itself
  std::string author_id = {};    // of the account that answers for it: another one's, where a token was shown
  std::string approved_by = {};  // another person, who has approved beforehand what it orders; "": nobody
};
inline Actor serverItself() {
  return {"server", http::Grants::everywhere("admin"), true};
}

struct Order {
  std::string type;
  Json parameters;
  std::string agent_id;
  std::string actor;
  std::string approval_id = {};
  std::string parent_id = {};
  std::string retry_of = {};
  std::int64_t attempt = 1;
  std::string plan_hash = {};                // hexadecimal: the plan the order binds
  std::vector<std::string> update_ids = {};  // the updates it is about
  std::int64_t not_before = 0;               // 0: at once
  std::int64_t expires_at = 0;               // 0: as long as its type is valid; never longer
  std::string run_id = {};                   // of a schedule, and how it is called
  std::string schedule = {};
  std::string outside_reason = {};  // why now, outside of maintenance windows; "": it waits for one
};

// Whoever lets a machine be changed outside of its windows has at least this role over it.
inline constexpr const char* kOutsideRole = "approver";

// An order after its type has said what the agent shall do; or why it cannot be given.
struct PreparedOrder {
  store::Command command;
  std::vector<std::string> update_ids;
  store::Reason refused;      // code "" when it can be placed
  std::string schedule = {};  // that ordered it
  std::int64_t latest = 0;    // it is not to begin later, however long it waits for somebody; 0: it may
};

// Tells whoever watches that it is in this state now; and of one that cancels another one that the other one
// has changed, too: what is asked of its machine, or no more.
void publishState(store::WriteTransaction& tx, const store::Command& command, store::CommandState state,
                  std::int64_t now);

class Orders {
 public:
  using Within = std::function<void(store::WriteTransaction&, const std::vector<store::Command>&)>;

  explicit Orders(const Context& context) : context_(context) {}

  // The same type for many agents, all or none. `within` runs in the transaction that stores them. With an
  // `outside_reason` they wait for no maintenance window: that takes a proof and kOutsideRole over each.
  // http::Problem 404 type, or an agent the actor does not see; 403 the actor's role over one of them, or the
  // proof; 409 the type is ordered by approval only, is not for people to order, or refuses an agent; 422
  // with the field.
  std::vector<store::Command> order(const std::string& type, const std::vector<std::string>& agent_ids,
                                    const Json& parameters, const Actor& actor, const Within& within = {},
                                    const std::string& outside_reason = {});

  // http::Problem 404; 409 when it cannot be stopped any more.
  store::Command cancel(const std::string& command_id, const Actor& actor);
  // The plan of this command may do more than was approved: answers the command that carries it out.
  // http::Problem 404; 409 when nothing waits.
  store::Command confirm(const std::string& command_id, const Actor& actor);
  // Only for types that need no approval. http::Problem 404, 409.
  store::Command retry(const std::string& command_id, const Actor& actor);
  // Now, what waits for a maintenance window. http::Problem 404; 403 without kOutsideRole or the proof; 409
  // when it waits for none.
  store::Command runOutside(const std::string& command_id, const std::string& reason, const Actor& actor);

  // Signed envelopes of everything that waits for this agent.
  std::vector<Json> fetch(const store::AgentKey& agent);

  // Past their expiry, due, or silent for too long.
  void sweep();
  // What has been lost for a week: its updates have failed then, and may be approved again. Whoever cancels a
  // lost one does not wait so long. Should word of it come after all, it counts.
  void giveUpLost() const;

  // For services that place orders in transactions of their own. prepare() runs the types' hooks: outside of
  // any. http::Problem 404 for an agent that the actor does not see, 403 where the actor's role does not
  // suffice.
  std::vector<PreparedOrder> prepare(const std::vector<Order>& orders, const Actor& actor);
  // Of each the id of its command: a new one, or the one under way that is the same. `also` runs for one
  // after the other, right behind what is told of it.
  using Also = std::function<void(std::size_t order, const std::string& command_id)>;
  std::vector<std::string> placeAll(store::WriteTransaction& tx, const std::vector<PreparedOrder>& orders,
                                    const Also& also = {});
  std::string place(store::WriteTransaction& tx, const PreparedOrder& prepared) {
    return placeAll(tx, {prepared}).front();
  }
  // Those that are scheduled, as they are stored: queued when their time has come and their window is open;
  // else they wait for that.
  void releaseAll(store::WriteTransaction& tx, const std::vector<store::Command>& scheduled,
                  const std::string& actor) const;
  // The windows of a client or its sites, their clocks, or where its machines are have changed: what still
  // waits there goes by them as they are now.
  void lookAtWindowsAgain(store::WriteTransaction& tx, const std::string& client_id) const;
  // One that its machine refused because its window was over before its turn came: another one takes its
  // place in the next window. False, and nothing done, for any other.
  bool passOn(const store::Command& old);
  // One change of commands' states, told to whoever watches; once one is queued, its agent's bell is rung.
  // False of one: somebody else has moved it to where this must not happen.
  std::vector<bool> stepAll(store::WriteTransaction& tx, std::span<const store::Command> commands,
                            store::CommandEvent event, const std::string& actor,
                            const store::Reason& reason) const;
  bool step(store::WriteTransaction& tx, const store::Command& command, store::CommandEvent event,
            const std::string& actor, const store::Reason& reason) const {
    return stepAll(tx, {&command, 1}, event, actor, reason).front();
  }
  // A command that the actor sees (else http::Problem 404) and over whose agent the actor has the role its
  // type asks for, and at least `least` (else 403).
  store::Command findFor(const Actor& actor, const std::string& command_id, const std::string& least) const;
  store::Command find(const std::string& command_id,
                      const http::Visible& visible) const;  // http::Problem 404

 private:
  commands::CommandType typeOf(const std::string& id) const;
  // False, and nothing done: its plan waits for nobody any more.
  bool decline(const store::Command& command, const Actor& actor);
  // Of lost ones. False: none is any more.
  bool giveUp(std::span<const store::Command> lost, const std::string& who) const;
  std::optional<std::vector<Json>> handOut(const store::AgentKey& agent, bool as_it_is);
  // `current`: what it is in this transaction, where it is there. False: it waits for no further window.
  bool waitForNext(store::WriteTransaction& tx, const store::Command& command,
                   const std::optional<store::Command>& current) const;
  void withhold(store::WriteTransaction& tx, const store::Command& command) const;  // as it is in it
  bool passOnIn(store::WriteTransaction& tx, const store::Command& old, std::int64_t now) const;

  const Context& context_;
};

}  // namespace redflag::services
