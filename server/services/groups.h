#pragma once
// Groups of machines as people keep them. What a group is good for is said where it is named: maintenance
// windows (services/place_windows.h), settings of agents (services/wished_settings.h), and policies that
// approve (services/policy_terms.h).

#include <optional>
#include <string>
#include <vector>

#include "services/orders.h"
#include "store/groups.h"
#include "store/profiles.h"

namespace redflag::services {

struct GroupWish {
  std::string client_id;
  std::string name;
  std::optional<std::vector<std::string>> agent_ids;  // all that are in it; absent: as it is
};

struct GroupView {
  store::AgentGroup group;
  std::vector<store::GroupMember> members;
};

class Groups {
 public:
  static constexpr std::size_t kMostOfClient = 500;
  static constexpr std::size_t kMostMembers = 5'000;

  Groups(const Context& context, const Orders& orders) : context_(context), orders_(orders) {}

  std::vector<store::AgentGroup> list(const Actor& actor) const;
  // With the members that the actor sees. http::Problem 404.
  GroupView find(const std::string& id, const Actor& actor) const;

  // Who is in a group decides when machines may be changed, as its windows do: what waits goes by it at once.
  // Where it grows, its policies count as changed: nobody has approved beforehand any more what they order.
  // http::Problem 404 a client, a group or a machine that the actor does not see, or a machine of another
  // client; 403 without the role approver over the whole client, or, of one with a profile or policies, the
  // role that these ask for; 409 a name that is taken, or too many.
  GroupView add(const GroupWish& wish, const Actor& actor);
  // Its client stays, whatever the wish says.
  GroupView change(const std::string& id, const GroupWish& wish, const Actor& actor);
  // And its windows, its profile and its policies with it.
  void remove(const std::string& id, const Actor& actor);

 private:
  GroupView findFor(const store::ReadTransaction& tx, const std::string& id, const Actor& actor) const;
  void requireSense(const store::ReadTransaction& tx, const store::AgentGroup& group,
                    const GroupWish& wish) const;
  // Whoever changes a group changes what its profile and its policies are for: 403. Answers its profile.
  std::optional<store::Profile> requireMayChange(const store::ReadTransaction& tx,
                                                 const store::AgentGroup& group, const Actor& actor) const;
  void changed(store::WriteTransaction& tx, const store::AgentGroup& group, const Actor& actor,
               const std::string& kind, const std::string& text) const;

  const Context& context_;
  const Orders& orders_;  // that wait for windows of groups
};

}  // namespace redflag::services
