#include "api/update_outlook.h"

#include <fmt/format.h>

#include "base/time.h"
#include "commands/command_types.h"
#include "services/approvals.h"
#include "services/policies.h"

namespace redflag::api {
namespace {

using store::Update;
using store::UpdateState;
using Says = services::PolicyVerdict::Kind;

constexpr const char* kOrders = "the machine makes a plan, and installs what it covers";
constexpr const char* kAgain = "it can be approved again";

std::string away(const Update& update) {
  if (update.agent_last_seen_at == 0) return "the machine, which was never connected";
  return "the machine: not connected since " + toRfc3339(update.agent_last_seen_at);
}

// What its manager says of it.
Outlook blocked(const std::string& by) {
  if (by == "held")
    return {"the hold that is set on the machine", "once it is taken off there, it can be approved"};
  if (by == "phased")
    return {"its distributor, who has not offered it to this machine yet",
            "a later scan finds it can be installed"};
  if (by == "kept_back")
    return {"other changes that it needs first: the manager keeps it back",
            "a later scan finds it can be installed"};
  if (by == "excluded")
    return {"the machine's configuration, which excludes it",
            "once that is changed there, it can be approved"};
  return {"the package manager, which holds it back: " + by, "a later scan finds it can be installed"};
}

Outlook available(const Update& update, const Prospect& prospect) {
  if (!update.record.blocked_by.empty()) return blocked(update.record.blocked_by);
  if (update.agent_mode != "act")
    return {"somebody at the machine: its agent is in report mode and changes nothing",
            "installed there, it is closed by the next scan"};
  if (!update.has_updater)
    return {"somebody at the machine: no plugin there can install what " + update.record.manager + " offers",
            "installed there, it is closed by the next scan"};
  if (update.reason.code == "update.rolled_back")
    return {"a person to approve it again: it was " + update.reason.text, kOrders};
  const std::string of_group = prospect.group.empty() ? "" : " of the group " + prospect.group;
  const std::string policy = "the policy \"" + prospect.policy + "\"" + of_group;
  const std::string then = prospect.installs ? kOrders : "somebody orders the install";
  if (prospect.verdict == Says::kWaits)
    return {"its age: " + policy + " approves it at " + toRfc3339(prospect.at), then};
  if (prospect.verdict == Says::kApproves) return {policy + ", which approves it now", then};
  if (prospect.verdict == Says::kExcluded)
    return {"a person to approve it: " + policy + " excludes it", kOrders};
  return {"a person to approve it", kOrders};
}

Outlook ignored(const Update& update) {
  const std::string by = update.ignored_author + " ignores it: " + update.reason.text;
  if (update.ignored_until == 0) return {by, "it stays ignored until somebody lifts the rule"};
  return {by, "it is open again at " + toRfc3339(update.ignored_until)};
}

Outlook failed(const Update& update, const Prospect& prospect) {
  const std::string of_class = update.reason.code.substr(0, update.reason.code.find('.'));
  std::string tries;
  if (update.command_attempt > 0) {
    tries = ", at try " + std::to_string(update.command_attempt);
    if (prospect.attempts_allowed > 0) tries += " of " + std::to_string(prospect.attempts_allowed);
  }
  if (of_class == "refused") {
    return {"a person: the machine refused it" + tries + ": " + update.reason.text,
            "once its own policy there allows it, it can be approved again"};
  }
  if (of_class == "offline") return {"a person: the order was never fetched" + tries, kAgain};
  if (of_class == "regression") return {"a person: it was verified, and is offered again", kAgain};
  return {"a person: the install failed" + tries + ": " + update.reason.text, kAgain};
}

Outlook ordered(const Update& update) {
  const bool planning = update.state == UpdateState::kApproved;
  const std::string next =
      planning ? "it installs if the plan holds nothing but what was approved; else a person confirms"
               : "a scan proves the install";
  const std::string& state = update.command_state;
  if (state == "awaiting_approval") return {"a second person, who must approve the order", next};
  if (state == "scheduled" && !update.command_window.empty()) {
    std::string until = update.command_window;
    if (update.command_not_before < update.command_expires_at)
      until += ", which opens at " + toRfc3339(update.command_not_before);
    if (update.command_windows_missed > 0)
      until += "; it has missed " + std::to_string(update.command_windows_missed) + " before";
    const std::string ready = preparationText(update.preparation_state, update.preparation_reason);
    return {until, fmt::format("{}{}the machine installs what was planned; {}", ready,
                               ready.empty() ? "" : "; ", next)};
  }
  if (state == "scheduled") return {"its time, which is " + toRfc3339(update.command_not_before), next};
  if (state == "queued" || state == "delivered") {
    if (update.agent_connection != "connected")
      return {away(update), "it fetches the order when it is back; the order is valid until " +
                                toRfc3339(update.command_expires_at)};
    return {"the machine, which is about to fetch the order", next};
  }
  if (state == "accepted" && !update.command_progress.empty()) return {update.command_progress, next};
  if (state == "accepted")
    return {"the machine, which has the order and carries out one after the other", next};
  if (state == "running")
    return {planning ? "the machine, which is making the plan" : "the machine, which is installing", next};
  if (state == "lost")
    return {"the machine, which accepted the order and has been silent since",
            "failed after a week, or when the order is cancelled; a late result still counts"};
  return {"the server, which is looking at the result", next};
}

store::Groups::Machines machinesOf(const std::vector<Update>& updates) {
  store::Groups::Machines machines;
  for (const auto& update : updates)
    machines.insert({update.client_id, update.agent_id});
  return machines;
}

}  // namespace

Outlook outlookOf(const Update& update, const Prospect& prospect) {
  switch (update.state) {
    case UpdateState::kAvailable:
      return available(update, prospect);
    case UpdateState::kIgnored:
      return ignored(update);
    case UpdateState::kCleared:
      return {"a person to order it: it is approved", kOrders};
    case UpdateState::kApproved:
    case UpdateState::kPlanned:
    case UpdateState::kInstalling:
      return ordered(update);
    case UpdateState::kAwaitingConfirmation:
      return {"a person to confirm: the plan holds more than was approved",
              "confirmed, the plan is carried out; declined, the update is available again"};
    case UpdateState::kInstalled:
      return {"the scan after the install, which must prove it", "it is verified, or fails"};
    case UpdateState::kAwaitingReboot:
      return {"a reboot of the machine", "a scan after it must prove the install"};
    case UpdateState::kFailed:
      return failed(update, prospect);
    case UpdateState::kVerified:
    case UpdateState::kSuperseded:
    case UpdateState::kResolvedElsewhere:
      return {};
  }
  return {};
}

Prospects::Prospects(const store::ReadTransaction& tx, const commands::CommandTypes& types,
                     const std::vector<Update>& updates, std::int64_t now)
    : policies_(services::Policies::allFor(tx, machinesOf(updates))), now_(now) {
  if (const auto type = types.find("plan_updates")) attempts_allowed_ = type->max_attempts;
}

Prospect Prospects::of(const Update& update) const {
  store::UpdateRow row;
  row.client_id = update.client_id;
  row.site_id = update.site_id;
  row.agent_id = update.agent_id;
  row.manager = update.record.manager;
  row.name = update.record.name;
  row.category = update.record.category;
  row.severity = update.record.severity;
  row.published_at = update.record.published_at;
  row.first_seen_at = update.first_seen_at;
  const auto verdict = services::judge(policies_, row, now_);
  Prospect prospect{attempts_allowed_, verdict.kind, "", false, verdict.at};
  if (verdict.policy != nullptr) {
    prospect.policy = verdict.policy->policy.name;
    prospect.group = verdict.policy->policy.scope.group_name;
    prospect.installs = verdict.policy->terms.install;
  }
  return prospect;
}

}  // namespace redflag::api
