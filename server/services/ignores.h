#pragma once
// Rules that ignore updates, until a date or for good: what they cover is shown and counted as ignored, and
// no approval takes it, a policy's neither. What is under way stays under way; when it comes back (failed,
// cancelled, declined) the rule holds.

#include <string>
#include <vector>

#include "services/context.h"
#include "services/orders.h"
#include "store/decisions.h"
#include "store/updates.h"

namespace redflag::services {

struct IgnoreReach {
  std::size_t updates = 0;               // that it would ignore now, or ignores
  std::size_t agents = 0;                // of these
  std::size_t under_way = 0;             // that it covers and leaves alone, because somebody has ordered them
  std::vector<store::UpdateRow> sample;  // the first of `updates`, at most 100
};

class Ignores {
 public:
  explicit Ignores(const Context& context) : context_(context) {}

  store::Page<store::IgnoreRule> list(const std::vector<store::RuleState>& states, const Actor& actor,
                                      const store::PageRequest& page) const;
  // `rule`: its scope, what it covers, until and reason. http::Problem 404 for a place the actor does not
  // see, 403 where the actor is no approver of all of it, 422 for an `until` that has passed.
  IgnoreReach preview(store::IgnoreRule rule, const Actor& actor) const;
  store::IgnoreRule add(store::IgnoreRule rule, const Actor& actor);
  // http::Problem 404, 403; 409 when it has ended.
  store::IgnoreRule lift(const std::string& rule_id, const Actor& actor);

  // Ends the rules whose date has come.
  void sweep();

 private:
  struct Found;
  Found find(const store::ReadTransaction& tx, const store::IgnoreRule& rule) const;
  void release(store::WriteTransaction& tx, const store::IgnoreRule& rule, const std::string& by,
               const std::string& why);

  const Context& context_;
};

// What the rules say about one agent's updates, after these or the agent's place have changed; part of the
// caller's transaction, after everything else in it.
void applyIgnoreRules(store::WriteTransaction& tx, const store::AgentKey& agent, std::int64_t now);

}  // namespace redflag::services
