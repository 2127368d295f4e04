#include "services/effects.h"

#include <algorithm>

#include "http/message.h"
#include "protocol/limits.h"
#include "services/ignores.h"
#include "services/plan_check.h"
#include "services/scan_merge.h"
#include "store/events.h"
#include "store/scans.h"

namespace redflag::services {
namespace {

using store::KnownUpdate;
using store::Reason;
using store::UpdateEvent;
using store::UpdateState;

constexpr const char* kNotApproved = "command.not_approved";

void finishEffect(JsonReader& in) {
  if (auto ok = in.finish(); !ok) throw http::Problem{503, "command_type.failed", ok.error().text};
}

}  // namespace

void Effects::prepare(const std::vector<Json>& effects) {
  now_ = context_.now();
  context_.store.read([&](const store::ReadTransaction& tx) {
    agent_ = tx.agents().key(command_.agent_id).value();
    boot_id_ = tx.agents().lastStatus(agent_).boot_id;
  });
  for (const Json& effect : effects) {
    const std::string name = effect.at("effect");
    if (name == "updates.planned") readPlanned(effect);
    if (name == "updates.installed") readInstalled(effect);
    if (name == "updates.failed") readFailed(effect);
    if (name == "updates.rolled_back") readRolledBack(effect);
    if (name == "follow_up") readFollowUp(effect);
  }
  if (follow_up_) prepareFollowUp();
}

void Effects::readPlanned(const Json& effect) {
  JsonReader in(effect, "updates.planned");
  in.text("effect", 64);
  const Json& plan = in.object("plan");
  const std::string claimed = in.text("plan_hash", 64);
  finishEffect(in);
  const auto approved = context_.store.read(
      [&](const store::ReadTransaction& tx) { return tx.commands().approved(agent_, command_.approval_id); });
  const auto verdict = checkPlan(plan, claimed, approved);
  if (!verdict) {
    failed_ = Reason{"install.bad_plan", verdict.error().text};
    return;
  }
  plan_ = store::PlanFindings{dumpJson(plan), verdict->plan_hash, dumpJson(verdict->extras), ""};
  extras_ = verdict->extras.size();
  left_out_.insert(verdict->left_out.begin(), verdict->left_out.end());
  // Nothing that was approved would be installed: there is nothing left to order.
  if (left_out_.size() == approved.size())
    failed_ = Reason{"install.not_offered", "the manager no longer offers what was approved"};
}

void Effects::readInstalled(const Json& effect) {
  JsonReader in(effect, "updates.installed");
  in.text("effect", 64);
  for (const Json& entry : in.array("updates", protocol::kMaxPlanSteps)) {
    JsonReader one(entry, "updates.installed.updates");
    installed_.push_back({one.text("name", 1024), one.text("arch", 1024), one.text("version", 1024)});
    finishEffect(one);
  }
  needs_reboot_ = in.optionalBoolean("needs_reboot", false);
  finishEffect(in);
}

void Effects::readFailed(const Json& effect) {
  JsonReader in(effect, "updates.failed");
  in.text("effect", 64);
  const std::string failure_class = in.text("class", 32);
  static constexpr std::array kClasses = {"install", "refused", "offline"};
  if (std::find(kClasses.begin(), kClasses.end(), failure_class) == kClasses.end())
    in.refuse("class", "a class that exists");
  const std::string code = in.text("code", 128);
  failed_ = Reason{code.empty() ? failure_class : failure_class + "." + code, in.text("text", 8'192)};
  finishEffect(in);
}

void Effects::readRolledBack(const Json& effect) {
  JsonReader in(effect, "updates.rolled_back");
  in.text("effect", 64);
  rolled_back_by_ = in.text("manager", 128);
  for (const Json& entry : in.array("updates", protocol::kMaxPlanSteps)) {
    JsonReader one(entry, "updates.rolled_back.updates");
    rolled_back_.push_back(
        {one.text("name", 1024), one.text("arch", 1024), one.text("version", 1024), one.text("now", 1024)});
    finishEffect(one);
  }
  finishEffect(in);
}

void Effects::readFollowUp(const Json& effect) {
  JsonReader in(effect, "follow_up");
  in.text("effect", 64);
  follow_up_ = Json{{"type", in.text("type", 64)}, {"parameters", in.object("parameters")}};
  finishEffect(in);
}

void Effects::prepareFollowUp() {
  if (failed_) return;  // the plan came to nothing
  if (plan_ && extras_ > 0) {
    plan_->held = dumpJson(*follow_up_);
    return;
  }
  const auto type = context_.types.find(follow_up_->at("type"));
  // Only what its approval has been compared with may be followed by something that needs one.
  if (type && type->needs_approval && !plan_) {
    throw http::Problem{503, "command_type.failed", "a follow-up that needs an approval came without a plan"};
  }
  if (!type) throw http::Problem{503, "command_type.failed", "a follow-up of a type that is not installed"};
  if (const auto problem = context_.types.validate(*type, follow_up_->at("parameters"))) {
    throw http::Problem{503, "command_type.failed", "a follow-up's " + problem->field + ": " + problem->text};
  }
  Order order{follow_up_->at("type"), follow_up_->at("parameters"), command_.agent_id, command_.actor};
  order.approval_id = command_.approval_id;
  order.parent_id = command_.id;
  order.attempt = command_.attempt;
  order.outside_reason = command_.outside_reason;
  if (plan_) order.plan_hash = plan_->plan_hash;
  context_.store.read([&](const store::ReadTransaction& tx) {
    for (const auto& update : tx.updates().ofCommand(agent_, command_.id)) {
      if (update.command_id == command_.id && !left_out_.contains(update.id))
        order.update_ids.push_back(update.id);
    }
  });
  next_ = orders_.prepare({order}, serverItself()).front();
  if (!next_->refused.code.empty()) failed_ = Reason{"refused." + next_->refused.code, next_->refused.text};
}

std::vector<KnownUpdate> Effects::mine(store::WriteTransaction& tx) const {
  auto updates = tx.updates().ofCommand(agent_, command_.id);
  std::erase_if(updates, [&](const KnownUpdate& update) { return update.command_id != command_.id; });
  return updates;
}

void Effects::apply(store::WriteTransaction& tx) {
  if (plan_) applyPlan(tx);
  if (!installed_.empty()) applyInstalled(tx);
  if (!rolled_back_.empty()) applyRolledBack(tx);
  if (!plan_ && !failed_ && next_) orders_.place(tx, *next_);
  applyRest(tx);
  applyIgnoreRules(tx, agent_, now_);
  tx.events().publish(agent_.client_id, "update",
                      {{"agent_id", agent_.agent_id}, {"command_id", command_.id}}, now_);
}

void Effects::applyPlan(store::WriteTransaction& tx) {
  // One that comes after it was given up has nothing to plan for: its updates have failed, or are another
  // order's by now.
  const auto updates = mine(tx);
  const bool awaited = std::any_of(updates.begin(), updates.end(), [](const KnownUpdate& update) {
    return update.state == UpdateState::kApproved;
  });
  store::PlanFindings findings = *plan_;
  if (!awaited) findings.held.clear();
  tx.commands().setPlan(command_, findings);
  if (failed_) return;
  if (!awaited)
    return record(tx, "plan.late",
                  "the plan came when no update waited for it any more: nothing is installed", "plan.late",
                  "warning");
  for (const auto& update : updates) {
    if (left_out_.contains(update.id)) {
      failUpdate(tx, update, {"install.not_planned", "the plan does not install it any more"});
    }
  }
  if (extras_ > 0) {
    tx.updates().advanceAll(agent_, mine(tx), UpdateEvent::kPlanExceeds, {}, now_);
    record(
        tx, "plan.exceeds",
        "the plan holds " + std::to_string(extras_) + " steps more than was approved: a person must confirm",
        "plan.exceeds", "warning");
    return;
  }
  if (!next_) return;
  const std::string id = orders_.place(tx, *next_);
  tx.updates().advanceAll(agent_, mine(tx), UpdateEvent::kPlanCovered, {{}, id, {}, {}}, now_);
}

void Effects::applyInstalled(store::WriteTransaction& tx) {
  for (KnownUpdate update : mine(tx)) {
    const bool done = std::any_of(installed_.begin(), installed_.end(), [&](const Installed& step) {
      return step.name == update.name && step.arch == update.arch && step.version == update.candidate_version;
    });
    if (!done) continue;
    const bool reboot = needs_reboot_ && update.needs_reboot.value_or(true);
    const std::string proof = update.proof;
    if (!advance(tx, update, UpdateEvent::kInstallDone, {{}, {}, bootOfInstall(tx, update), reboot}))
      continue;
    update.state = UpdateState::kInstalled;
    if (reboot) {
      advance(tx, update, UpdateEvent::kRebootNeeded,
              {{"update.reboot", "it takes effect after a reboot"}, {}, {}, {}});
    } else if (proof == "gone") {
      // The scan after the install was quicker than this result.
      advance(tx, update, UpdateEvent::kProven, {});
      record(tx, "update.verified", update.name + ": verified", "", "info");
    } else if (proof == "listed") {
      failUpdate(tx, update, stillListed());
    }
  }
}

// What a machine did while it reached nobody is told after it was restarted, too: the scan right after the
// install says in which boot that was.
std::string Effects::bootOfInstall(store::WriteTransaction& tx, const KnownUpdate& update) const {
  if (update.proof.empty()) return boot_id_;
  const auto scan = tx.scans().find(agent_, update.proof_scan_id);
  return scan ? scan->boot_id : boot_id_;
}

// They are not this command's own: what it takes back was installed by another one.
void Effects::applyRolledBack(store::WriteTransaction& tx) {
  const auto known = tx.updates().known(agent_, rolled_back_by_);
  for (const auto& step : rolled_back_) {
    for (const auto& update : known) {
      if (update.manager != rolled_back_by_ || update.name != step.name || update.arch != step.arch ||
          update.candidate_version != step.version)
        continue;
      advance(tx, update, UpdateEvent::kRolledBack,
              {{"update.rolled_back", "taken back to " + step.now + " by " + command_.actor}, {}, {}, false});
    }
    record(tx, "update.rolled_back", step.name + ": " + step.version + " taken back to " + step.now, "",
           "info");
  }
}

// No update may wait for a command that has ended: what no effect named ends with it.
void Effects::applyRest(store::WriteTransaction& tx) {
  const bool not_approved = command_.reason.code == kNotApproved;
  const bool cancelled = command_.state == store::CommandState::kCancelled || not_approved;
  for (const auto& update : mine(tx)) {
    const bool waits = update.state == UpdateState::kApproved || update.state == UpdateState::kPlanned ||
                       update.state == UpdateState::kInstalling;
    if (!waits) continue;
    if (cancelled) {
      advance(tx, update, UpdateEvent::kWithdrawn,
              {{"update.cancelled", not_approved ? command_.reason.text : "the order was cancelled"},
               {},
               {},
               {}});
    } else {
      failUpdate(tx, update,
                 failed_.value_or(Reason{"install.no_result", "the command ended without a word about it"}));
    }
  }
}

void Effects::failUpdate(store::WriteTransaction& tx, const KnownUpdate& update, const Reason& reason) {
  if (advance(tx, update, UpdateEvent::kFailed, {reason, {}, {}, {}})) {
    record(tx, "update.failed", update.name + ": " + reason.text, reason.code, "error");
  }
}

bool Effects::advance(store::WriteTransaction& tx, const KnownUpdate& update, UpdateEvent event,
                      const store::UpdateChange& change) {
  return tx.updates().advance(agent_, update.id, update.state, event, change, now_);
}

void Effects::record(store::WriteTransaction& tx, const std::string& kind, const std::string& text,
                     const std::string& code, const std::string& severity) {
  store::HistoryEntry entry;
  entry.at = now_;
  entry.subsystem = "update";
  entry.actor = "server";
  entry.kind = kind;
  entry.text = text;
  entry.code = code;
  entry.severity = severity;
  entry.command_id = command_.id;
  tx.events().record(agent_.client_id, agent_.agent_id, entry);
}

}  // namespace redflag::services
