#include "services/approvals.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "base/encoding.h"
#include "http/message.h"
#include "protocol/limits.h"
#include "services/second_person.h"
#include "store/events.h"

namespace redflag::services {
namespace {

constexpr std::size_t kMaxRows = 100'000;
constexpr std::size_t kIdsAQuery = 500;
constexpr int kTries = 3;
constexpr const char* kPlanType = "plan_updates";
constexpr const char* kInstallType = "install_updates";  // what follows a plan without anybody being asked
constexpr const char* kNeeded = "approver";
constexpr const char* kNoApprover = "approving this asks for the role approver there";

// Thrown inside the transaction when a row changed between choosing and approving: chosen anew.
struct Changed {};

store::AgentKey agentOfRow(const store::Update& row) {
  return {row.agent_id, row.client_id, row.site_id, {}};
}

std::vector<store::Update> allOf(const store::ReadTransaction& tx, const store::UpdateFilter& filter,
                                 const http::Visible& visible, const store::Contact& contact) {
  std::vector<store::Update> updates;
  store::PageRequest page{500, ""};
  do {
    auto part = tx.updates().list(filter, visible, contact, page);
    for (auto& update : part.items)
      updates.push_back(std::move(update));
    page.cursor = part.next_cursor;
    if (updates.size() > kMaxRows)
      throw http::Problem{422, "approval.too_many", "too many updates for one approval"};
  } while (!page.cursor.empty());
  return updates;
}

std::vector<store::Update> rowsOf(const store::ReadTransaction& tx, const Selection& selection,
                                  const http::Visible& visible, const store::Contact& contact) {
  store::UpdateFilter filter;
  if (selection.group) {
    filter.manager = selection.group->manager;
    filter.name = selection.group->name;
    filter.arch = selection.group->arch;
    filter.version = selection.group->candidate_version;
    auto rows = allOf(tx, filter, visible, contact);
    // An empty filter is no filter: updates without an architecture have to be told apart here.
    std::erase_if(rows, [&](const store::Update& row) { return row.record.arch != selection.group->arch; });
    return rows;
  }
  std::vector<store::Update> rows;
  for (std::size_t begin = 0; begin < selection.update_ids.size(); begin += kIdsAQuery) {
    const auto first = selection.update_ids.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto count = std::min(kIdsAQuery, selection.update_ids.size() - begin);
    filter.ids.assign(first, first + static_cast<std::ptrdiff_t>(count));
    for (auto& row : allOf(tx, filter, visible, contact))
      rows.push_back(std::move(row));
  }
  return rows;
}

// Rows that are approved in one transaction: all of them, or none.
class ApprovedRows {
 public:
  ApprovedRows(store::UpdateEvent event, store::UpdateChange change)
      : event_(event), change_(std::move(change)) {}

  void add(const std::vector<store::Update>& rows, const std::string& command_id) {
    change_.command_id = command_id;
    for (const auto& row : rows) {
      const auto& r = row.record;
      steps_.push_back({agentOfRow(row), row.id, row.state, event_, change_});
      bound_.push_back({agentOfRow(row), {row.id, r.manager, r.key, r.name, r.arch, r.candidate_version}});
      agents_.insert(row.agent_id);
    }
  }
  void write(store::WriteTransaction& tx, const std::string& approval_id, const Actor& actor,
             std::int64_t now, ApprovalOutcome& outcome) const {
    if (tx.updates().advanceAll(steps_, now) != steps_.size()) throw Changed{};
    tx.commands().addApprovals(approval_id, bound_, actor.name, now);
    outcome.approved = steps_.size();
    outcome.agents = agents_.size();
    if (!steps_.empty()) outcome.approval_id = approval_id;
  }

 private:
  const store::UpdateEvent event_;
  store::UpdateChange change_;
  std::vector<store::UpdateStep> steps_;
  std::vector<store::Approval> bound_;
  std::set<std::string> agents_;
};

// `rows` are of one agent.
void tell(store::WriteTransaction& tx, const std::vector<store::Update>& rows, const std::string& more,
          const std::string& command_id, const Actor& actor, std::int64_t now) {
  const store::AgentKey agent = agentOfRow(rows.front());
  store::HistoryEntry entry;
  entry.at = now;
  entry.subsystem = "update";
  entry.actor = actor.name;
  entry.kind = "update.approved";
  entry.text = "approved " + std::to_string(rows.size()) + (rows.size() == 1 ? " update" : " updates") + more;
  entry.command_id = command_id;
  tx.events().record(agent.client_id, agent.agent_id, entry);
  Json data = {{"agent_id", agent.agent_id}};
  if (!command_id.empty()) data["command_id"] = command_id;
  tx.events().publish(agent.client_id, "update", data, now);
}

Order planOf(const std::string& agent_id, const std::string& manager, const std::vector<store::Update>& rows,
             const Actor& actor) {
  Order order{kPlanType, {{"manager", manager}, {"updates", Json::array()}}, agent_id, actor.name};
  for (const auto& row : rows) {
    order.parameters["updates"].push_back({{"key", row.record.key},
                                           {"name", row.record.name},
                                           {"arch", row.record.arch},
                                           {"version", row.record.candidate_version}});
    order.update_ids.push_back(row.id);
  }
  return order;
}

}  // namespace

std::optional<store::Reason> notApprovable(const store::Update& update) {
  using store::UpdateState;
  if (store::closed(update.state)) {
    return store::Reason{"update.closed", std::string("it is ") + store::name(update.state) + " already"};
  }
  if (update.state == UpdateState::kIgnored)
    return store::Reason{"update.ignored", "it is ignored: " + update.reason.text};
  if (!store::after(update.state, store::UpdateEvent::kApproved)) {
    return store::Reason{"update.in_flight", "it is approved already and under way"};
  }
  if (!update.has_updater) {
    return store::Reason{"update.report_only",
                         "nothing on this agent can install what " + update.record.manager + " offers"};
  }
  if (update.agent_mode != "act") return store::Reason{"agent.report_mode", "this agent is in report mode"};
  if (!update.record.blocked_by.empty()) {
    return store::Reason{"update.blocked", "the package manager holds it back: " + update.record.blocked_by};
  }
  return std::nullopt;
}

struct Approvals::Batch {
  struct Part {
    std::string agent_id;
    std::string manager;
    std::vector<store::Update> rows;
  };
  std::vector<Part> parts;  // one for each agent and manager
  std::vector<SkippedUpdate> skipped;

  void skip(const store::Update& row, const store::Reason& reason) {
    skipped.push_back({row.id, row.hostname, row.record.name, reason});
  }
};

Approvals::Batch Approvals::choose(const Selection& selection, const Actor& actor) const {
  const auto rows = context_.store.read([&](const store::ReadTransaction& tx) {
    return rowsOf(tx, selection, actor.grants.visible(), context_.contact());
  });
  if (rows.size() < selection.update_ids.size())
    throw http::Problem{404, "update.not_found", "there is no such update", "/update_ids"};
  Batch batch;
  std::map<std::pair<std::string, std::string>, std::size_t> parts;
  for (const auto& row : rows) {
    if (!http::atLeast(actor.grants.roleOver(row.client_id, row.site_id), kNeeded)) {
      if (!selection.group) throw http::Problem{403, "role.insufficient", kNoApprover, "/update_ids"};
      batch.skip(row, {"role.insufficient", kNoApprover});
      continue;
    }
    if (const auto reason = notApprovable(row)) {
      batch.skip(row, *reason);
      continue;
    }
    const auto [it, fresh] = parts.try_emplace({row.agent_id, row.record.manager}, batch.parts.size());
    if (fresh) batch.parts.push_back({row.agent_id, row.record.manager, {}});
    auto& wanted = batch.parts[it->second].rows;
    if (wanted.size() == protocol::kMaxOrderedUpdates) {
      batch.skip(row,
                 {"approval.too_many_of_one",
                  fmt::format("one order takes at most {} updates of {} on one machine: approve this one "
                              "when those are installed",
                              protocol::kMaxOrderedUpdates, row.record.manager)});
      continue;
    }
    wanted.push_back(row);
  }
  return batch;
}

ApprovalOutcome Approvals::preview(const Selection& selection, const Actor& actor) const {
  Batch batch = choose(selection, actor);
  ApprovalOutcome outcome;
  std::set<std::string> agents;
  for (const auto& part : batch.parts) {
    outcome.approved += part.rows.size();
    agents.insert(part.agent_id);
  }
  outcome.agents = agents.size();
  outcome.skipped = std::move(batch.skipped);
  std::map<std::string, MachinePlace> machines;
  for (const auto& part : batch.parts)
    machines[part.agent_id] = {part.rows.front().client_id, part.rows.front().site_id, part.agent_id};
  std::vector<MachinePlace> each;
  for (const auto& [agent_id, machine] : machines)
    each.push_back(machine);
  outcome.waits = context_.store.read(
      [&](const store::ReadTransaction& tx) { return windowHints(tx, each, context_.now()); });
  return outcome;
}

ApprovalOutcome Approvals::approve(const Selection& selection, const Actor& actor, const Within& within,
                                   How how, const std::string& outside_reason) {
  if (!outside_reason.empty() && !actor.proven) throw http::stepUpRequired();
  for (int attempt = 1;; ++attempt) {
    Batch batch = choose(selection, actor);
    try {
      return how == How::kOrder ? carryOut(batch, actor, nullptr, within, outside_reason)
                                : onlyApprove(batch, actor, within);
    } catch (const Changed&) {
      if (attempt == kTries) {
        throw http::Problem{409, "approval.changed", "these updates keep changing; try again", "", 1};
      }
    }
  }
}

ApprovalOutcome Approvals::onlyApprove(const Batch& batch, const Actor& actor, const Within& within) {
  const std::string approval_id = newId();
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    ApprovalOutcome outcome;
    outcome.skipped = batch.skipped;
    ApprovedRows approved(store::UpdateEvent::kCleared, {{}, "", "", false});
    for (const auto& part : batch.parts) {
      approved.add(part.rows, "");
      tell(tx, part.rows, "; nothing is ordered yet", "", actor, now);
    }
    approved.write(tx, approval_id, actor, now, outcome);
    if (within) within(tx, outcome);
    return outcome;
  });
}

ApprovalOutcome Approvals::carryOut(Batch& batch, const Actor& actor, const store::Command* retry_of,
                                    const Within& within, const std::string& outside_reason) {
  const std::string approval_id = newId();
  std::vector<Order> wanted;
  for (const auto& part : batch.parts) {
    Order order = planOf(part.agent_id, part.manager, part.rows, actor);
    order.approval_id = approval_id;
    order.outside_reason = outside_reason;
    if (retry_of != nullptr) {
      order.retry_of = retry_of->id;
      order.attempt = retry_of->attempt + 1;
    }
    wanted.push_back(std::move(order));
  }
  const auto prepared = orders_.prepare(wanted, actor);
  const auto install = context_.types.find(kInstallType);
  const std::int64_t now = context_.now();
  return context_.store.write([&](store::WriteTransaction& tx) {
    ApprovalOutcome outcome;
    outcome.skipped = batch.skipped;
    auto bound = prepared;
    bindToAuthor(tx, bound, approval_id, install ? install->risk : "high", actor, now);
    std::vector<const Batch::Part*> parts;
    std::vector<PreparedOrder> orders;
    for (std::size_t i = 0; i < bound.size(); ++i) {
      const auto& part = batch.parts[i];
      if (bound[i].refused.code.empty()) {
        parts.push_back(&part);
        orders.push_back(std::move(bound[i]));
        continue;
      }
      for (const auto& row : part.rows)
        outcome.skipped.push_back({row.id, row.hostname, row.record.name, bound[i].refused});
    }
    ApprovedRows approved(store::UpdateEvent::kApproved, {{}, "", "", false, "", ""});
    orders_.placeAll(tx, orders, [&](std::size_t i, const std::string& command_id) {
      if (command_id != orders[i].command.id) throw Changed{};
      outcome.awaiting_approval = orders[i].command.state == store::CommandState::kAwaitingApproval;
      outcome.command_ids.push_back(command_id);
      approved.add(parts[i]->rows, command_id);
      tell(tx, parts[i]->rows, "", command_id, actor, now);
    });
    approved.write(tx, approval_id, actor, now, outcome);
    if (within) within(tx, outcome);
    return outcome;
  });
}

store::Command Approvals::again(const std::string& command_id, const Actor& actor) {
  const store::Command old = orders_.findFor(actor, command_id, "technician");
  const auto type = context_.types.find(old.type);
  if (type && old.attempt >= type->max_attempts) {
    throw http::Problem{409, "command.too_many_attempts",
                        "it was tried " + std::to_string(old.attempt) + " times already"};
  }
  Selection selection;
  context_.store.read([&](const store::ReadTransaction& tx) {
    const auto agent = tx.agents().key(old.agent_id).value();
    for (const auto& update : tx.updates().ofCommand(agent, old.id))
      selection.update_ids.push_back(update.id);
  });
  Batch batch = choose(selection, actor);
  const http::Problem nothing{409, "command.nothing_to_retry", "none of its updates can be approved again"};
  if (batch.parts.empty()) throw nothing;
  try {
    const auto outcome = carryOut(batch, actor, &old, {});
    if (outcome.command_ids.empty()) {
      throw http::Problem{409, outcome.skipped.front().reason.code, outcome.skipped.front().reason.text};
    }
    return orders_.find(outcome.command_ids.front(), actor.grants.visible());
  } catch (const Changed&) {
    throw nothing;
  }
}

}  // namespace redflag::services
