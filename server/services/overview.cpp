#include "services/overview.h"

#include <algorithm>

#include "store/events.h"

namespace redflag::services {
namespace {

using store::UpdateState;

constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

std::int64_t countOf(const store::UpdateTotals& totals, UpdateState state) {
  const auto it = totals.by_state.find(state);
  return it == totals.by_state.end() ? 0 : it->second;
}

std::string counted(std::int64_t count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

int urgency(const std::string& severity) {
  return severity == "critical" ? 0 : severity == "warning" ? 1 : 2;
}

}  // namespace

std::vector<Need> needsOf(const OverviewFacts& facts) {
  const auto& updates = facts.updates;
  const std::int64_t failed = countOf(updates, UpdateState::kFailed);
  const std::int64_t waiting = countOf(updates, UpdateState::kAwaitingConfirmation);
  const auto severity = [&](const char* name) {
    const auto it = updates.security_by_severity.find(name);
    return it == updates.security_by_severity.end() ? std::int64_t{0} : it->second;
  };
  const bool grave = severity("critical") + severity("high") + severity("unknown") > 0;
  std::vector<Need> needs = {
      {"refusals", "critical", facts.refusals_24h,
       counted(facts.refusals_24h, "order was", "orders were") + " refused by agents in the last 24 hours",
       "/agents"},
      {"failed_updates", "critical", failed, counted(failed, "update", "updates") + " failed to install",
       "/updates?state=failed"},
      {"security_updates", grave ? "critical" : "warning", updates.security,
       counted(updates.security, "security update", "security updates") + " not yet proven to be installed",
       "/updates?category=security"},
      {"awaiting_confirmation", "warning", waiting,
       counted(waiting, "update waits", "updates wait") + ": the plan holds more than was approved",
       "/updates?state=awaiting_confirmation"},
      {"breakers_open", "warning", facts.agents.breakers_open,
       counted(facts.agents.breakers_open, "plugin is", "plugins are") + " switched off after failures",
       "/agents?breaker=open"},
      {"agents_silent", "warning", facts.agents.silent,
       counted(facts.agents.silent, "machine has", "machines have") + " not been heard of lately",
       "/agents?connection=silent"},
      {"config_invalid", "warning", facts.agents.config_invalid,
       counted(facts.agents.config_invalid, "machine has", "machines have") + " an invalid configuration",
       "/agents?config=invalid"},
      {"updates_waiting", "info", updates.available - updates.security,
       counted(updates.available - updates.security, "other update", "other updates") +
           " not yet proven to be installed",
       "/updates"},
  };
  std::erase_if(needs, [](const Need& need) { return need.count <= 0; });
  std::stable_sort(needs.begin(), needs.end(),
                   [](const Need& a, const Need& b) { return urgency(a.severity) < urgency(b.severity); });
  return needs;
}

OverviewFacts Overview::facts() const {
  OverviewFacts facts;
  context_.store.read([&](const store::ReadTransaction& tx) {
    facts.agents = tx.agents().totals(context_.contact());
    facts.updates = tx.updates().totals();
    facts.refusals_24h = tx.events().countSince("command.refused", context_.now() - kDayNs);
  });
  facts.needs = needsOf(facts);
  return facts;
}

}  // namespace redflag::services
