#include "services/overview.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/commands.h"
#include "store/events.h"

namespace redflag::services {
namespace {

using store::UpdateState;

constexpr std::int64_t kDayNs = 86'400 * kSecondNs;

std::int64_t countOf(const store::UpdateTotals& totals, UpdateState state) {
  const auto it = totals.by_state.find(state);
  return it == totals.by_state.end() ? 0 : it->second;
}

std::string spoken(std::int64_t count, const char* one, const char* many) {
  return count == 1 ? one : many;
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
  const std::int64_t in_doubt = facts.agents.pending + facts.agents.cloned + facts.agents.restored;
  std::vector<Need> needs = {
      {"agents_in_doubt", facts.agents.cloned > 0 ? "critical" : "warning", in_doubt,
       spoken(in_doubt, "machine gets", "machines get") +
           " no orders until somebody has looked: new, restored or copied",
       "/agents?identity=needs_a_look"},
      {"refusals", "critical", facts.refusals_24h,
       spoken(facts.refusals_24h, "order was", "orders were") + " refused by agents in the last 24 hours",
       "/operations?state=refused"},
      {"security", "critical", facts.security_rows,
       spoken(facts.security_rows, "matter", "matters") + " of this server's security", "/settings/security"},
      {"failed_updates", "critical", failed, spoken(failed, "update", "updates") + " failed to install",
       "/updates?state=failed"},
      {"security_updates", grave ? "critical" : "warning", updates.security,
       spoken(updates.security, "security update is", "security updates are") + " open",
       "/updates?category=security"},
      {"awaiting_confirmation", "warning", waiting,
       spoken(waiting, "update waits", "updates wait") + ": the plan holds more than was approved",
       "/operations?view=confirm"},
      {"held_orders", "warning", facts.held_orders,
       spoken(facts.held_orders, "order waits", "orders wait") + " for the approval of a second person",
       "/operations?view=held"},
      {"disks_filling", "warning", facts.agents_with_filling_disk,
       fmt::format("{} a disk that will be full within {} days",
                   spoken(facts.agents_with_filling_disk, "machine has", "machines have"),
                   store::kDiskFillingDays),
       "/agents?disk=filling"},
      {"breakers_open", "warning", facts.agents_with_open_breaker,
       spoken(facts.agents_with_open_breaker, "machine has a plugin", "machines have a plugin") +
           " that is not run for a while, after failures",
       "/agents?breaker=open"},
      {"agents_silent", "warning", facts.agents.silent,
       spoken(facts.agents.silent, "machine has", "machines have") + " not been heard of lately",
       "/agents?connection=silent"},
      {"config_invalid", "warning", facts.agents.config_invalid,
       spoken(facts.agents.config_invalid, "machine has", "machines have") + " an invalid configuration",
       "/agents?config=invalid"},
      {"reboots_pending", "info", facts.agents_to_reboot,
       spoken(facts.agents_to_reboot, "machine waits", "machines wait") + " for a restart",
       "/agents?reboot=pending"},
      {"updates_waiting", "info", updates.available,
       spoken(updates.available, "update is", "updates are") + " open in all", "/updates"},
  };
  std::erase_if(needs, [](const Need& need) { return need.count <= 0; });
  std::stable_sort(needs.begin(), needs.end(),
                   [](const Need& a, const Need& b) { return urgency(a.severity) < urgency(b.severity); });
  return needs;
}

OverviewFacts Overview::facts(const http::Visible& visible) const {
  OverviewFacts facts;
  context_.store.read([&](const store::ReadTransaction& tx) {
    facts.agents = tx.agents().totals(visible, context_.contact());
    const auto agents = [&](bool store::AgentFilter::*which) {
      store::AgentFilter filter;
      filter.*which = true;
      return tx.agents().count(filter, visible, context_.contact());
    };
    facts.agents_with_open_breaker = agents(&store::AgentFilter::breaker_open);
    facts.agents_with_filling_disk = agents(&store::AgentFilter::disk_filling);
    facts.agents_to_reboot = agents(&store::AgentFilter::reboot_pending);
    facts.updates = tx.updates().totals(visible);
    facts.held_orders = tx.commands().heldOrders(visible, {1, ""}).total;
    facts.windows = tx.commands().windowWaits(context_.now() + kDayNs, visible);
    facts.refusals_24h = tx.events().countSince("command.refused", context_.now() - kDayNs, visible);
  });
  if (visible.all()) facts.security_rows = security_.needing();
  facts.needs = needsOf(facts);
  return facts;
}

}  // namespace redflag::services
