#pragma once
// What needs a person now, worst first. Every number comes from the one query that the lists' totals come
// from.

#include <string>
#include <vector>

#include "services/context.h"
#include "services/security.h"
#include "store/commands.h"
#include "store/updates.h"

namespace redflag::services {

struct Need {
  std::string kind;
  std::string severity;  // critical | warning | info
  std::int64_t count = 0;
  std::string text;  // without the number, which stands before it
  std::string link;  // in-app path whose list has `count` rows
};

struct OverviewFacts {
  store::AgentTotals agents;
  store::UpdateTotals updates;
  std::int64_t refusals_24h = 0;
  std::int64_t agents_with_open_breaker = 0;
  std::int64_t agents_with_filling_disk = 0;
  std::int64_t agents_to_reboot = 0;
  std::int64_t held_orders = 0;            // that wait for a second person
  std::int64_t security_rows = 0;          // of the security overview that need a person
  std::vector<store::WindowWait> windows;  // that open within a day and for which orders wait, soonest first
  std::vector<Need> needs;
};

class Overview {
 public:
  Overview(const Context& context, const Security& security) : context_(context), security_(security) {}
  OverviewFacts facts(const http::Visible& visible) const;

 private:
  const Context& context_;
  const Security& security_;
};

// Pure: the list for given facts.
std::vector<Need> needsOf(const OverviewFacts& facts);

}  // namespace redflag::services
